"""Spanish phrases for the drawn pages."""

from drawn_pages.text.tongue import Tongue, listed

ACTORS = listed("""
    el comité | la secretaria | el alcalde | la comisión | el comerciante | la maestra | el jardinero |
    la sociedad | el director | la compañía | el escribano | la vecina | el viajero | la asociación | el capitán |
    la viuda | el juez | la señora | el médico | el inquilino | el arquitecto | el tribunal | el ministerio |
    el ingeniero | el tesorero | el gobernador | la bibliotecaria | el obrero | el público
""")
THINGS = listed("""
    m el informe | f la carta | m el edificio | m el contrato | f la máquina | f la ventana | m el jardín |
    f la factura | m el proyecto | f la colección | m el almacén | f la estación | f la biblioteca | m el terreno |
    m el armario | m el taller | m el teatro | m el puerto | m el periódico | f la habitación | m el horario |
    m el convenio | m el inventario | f la cerca | f la calle | m el tejado | m el presupuesto | f la cocina |
    m el mueble | f la llave | f la tienda | m el camino | f la montaña | m el archivo
""")
QUALITIES = listed("""
    antiguo antigua | nuevo nueva | famoso famosa | estrecho estrecha | tranquilo tranquila | extraño extraña |
    inacabado inacabada | ordinario ordinaria | generoso generosa | roto rota | separado separada |
    terrible terrible | ventajoso ventajosa | público pública | futuro futura | modesto modesta | notable notable |
    pequeño pequeña | principal principal | vecino vecina | histórico histórica | único única | lejano lejana |
    común común
""")
VERBS = listed("""
    examinó examinar | describió describir | mencionó mencionar | abandonó abandonar | compró comprar |
    midió medir | defendió defender | visitó visitar | admiró admirar | descubrió descubrir | descuidó descuidar |
    aplazó aplazar | recomendó recomendar | aprobó aprobar | olvidó olvidar | acompañó acompañar | pagó pagar |
    vigiló vigilar | publicó publicar | dañó dañar | vendió vender | prefirió preferir | reparó reparar |
    presentó presentar
""")


def _described(noun: str, quality: str) -> str:
    masculine, feminine = quality.split()
    return f"{noun[2:]} {feminine if noun[0] == 'f' else masculine}"


SPANISH = Tongue(
    code="es",
    tesseract="spa",
    subjects=ACTORS,
    objects=[_described(n, q) for i, n in enumerate(THINGS) for j, q in enumerate(QUALITIES) if (i + j) % 3 == 0],
    verbs=[v.split()[0] for v in VERBS],
    to_do=[v.split()[1] for v in VERBS],
    where=listed("""
        junto al río | en el pueblo | con mucha paciencia | sin previo aviso | detrás de la iglesia |
        al borde del bosque | bajo el tejado | contra todo consejo | cerca del mercado | en nombre de los miembros |
        a pesar del mal tiempo | por la puerta abierta | con la ayuda de dos amigos | a lo largo de la costa |
        en términos sencillos | entre las dos casas | a través de la plaza | a satisfacción de todos
    """),
    when=listed("""
        en la primavera de {year} | a la mañana siguiente | antes de fin de mes | después de un largo invierno |
        desde hace más de {n} años | hacia el anochecer | durante el verano de {year} | algunas semanas más tarde |
        a las ocho y media | cada dos jueves | desde {year} | hace unos días | hasta el otoño |
        en un plazo de {n} días | a principios de año
    """),
    asides=listed("""
        nadie conocía la razón | el tiempo era extrañamente suave | quedaba poca esperanza |
        el precio del carbón había subido de nuevo | todo dependía de la cosecha | las opiniones estaban divididas |
        la respuesta llegó demasiado tarde | quedaba mucho por hacer | las puertas estaban abiertas |
        los daños fueron mayores de lo previsto | todas las lámparas estaban encendidas |
        no se recibió ninguna noticia | la multitud se impacientaba | la nieve apenas se había derretido
    """),
    frames=listed("""
        {s} {v} {o} {w}. | {t}, {s} {v} {o}. | {s} {v} {o}, y {s} {v} {o} {t}. |
        aunque todo estaba listo, {s} {v} {o} {w}. | se acordó lo siguiente: {s} debía {i} {o} {w}. |
        {name}, que {v} {o} {t}, estaba presente. | {s} quiso {i} {o}; {a}. | cuando {s} {v} {o}, {a}. |
        «{a}», dijo {name}, y {v} {o}. | de las {n} personas presentes, una sola {v} {o}. |
        ¿podía {name} {i} {o} {w}? {a}. | {a}, pues {s} {v} {o} {t}. | el coste se fijó en {amount}; {s} {v} {o}. |
        {name} y {s} no pudieron {i} {o}: {a}. | ¡qué desgracia! {s} {v} {o} {w}.
    """),
    titles=listed("""
        Convocatoria de la asamblea | Informe anual | Condiciones de entrega | El puerto viejo |
        Mantenimiento y reparación | Un viaje en invierno | Preguntas y respuestas | Proyectos futuros |
        Nuestros clientes | Costes e ingresos | Cambio de dirección | Seguridad en el trabajo |
        La villa del mercado | Noticias locales | Crecimiento por región | Trabajar juntos
    """),
    months=listed("""
        enero | febrero | marzo | abril | mayo | junio | julio | agosto | septiembre | octubre | noviembre |
        diciembre
    """),
    opening=["Estimada señora:", "Estimado señor:", "Muy señores nuestros:"],
    closing=["Reciba un cordial saludo,", "Atentamente,", "Le saluda atentamente,"],
    quotes=("«", "»"),
)
