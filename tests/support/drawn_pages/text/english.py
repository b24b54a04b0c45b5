"""English phrases for the drawn pages."""

from drawn_pages.text.tongue import Tongue, listed

ACTORS = listed("""
    committee | council | secretary | treasurer | manager | surveyor | engineer | inspector | publisher |
    librarian | teacher | gardener | doctor | captain | merchant | widow | builder | driver | judge | mayor |
    farmer | printer | porter | tenant | clerk | society | company | magistrate | neighbour | visitor
""")
THINGS = listed("""
    report | letter | bridge | harbour | account | building | garden | machine | contract | window | railway |
    warehouse | library | meeting | question | proposal | drawing | orchard | cottage | journey | agreement |
    collection | estimate | kitchen | station | newspaper | furniture | workshop | staircase | boundary | cupboard |
    newcomer | blanket | mattress | theatre | schedule | inventory | correspondence | arrangement | expedition
""")
QUALITIES = listed("""
    old | new | whole | former | famous | careful | modest | distant | narrow | wooden | quiet | strange |
    excellent | unfinished | remarkable | ordinary | generous | ancient | broken | northern | provincial |
    separate | respectable | dreadful | expensive | convenient
""")
VERBS = listed("""
    examined examine | repaired repair | mentioned mention | described describe | refused refuse |
    abandoned abandon | purchased purchase | measured measure | remembered remember | defended defend |
    inspected inspect | admired admire | painted paint | delivered deliver | discovered discover |
    considered consider | neglected neglect | postponed postpone | recommended recommend | surrounded surround |
    questioned question | approved approve | forgot forget | rebuilt rebuild | accompanied accompany |
    preferred prefer
""")

ENGLISH = Tongue(
    code="en",
    tesseract="eng",
    subjects=[
        f"the {q} {n}" if (i + j) % 5 == 0 else f"the {n}"
        for i, n in enumerate(ACTORS)
        for j, q in enumerate(QUALITIES[:20])
        if (i + j) % 5 < 2
    ],
    objects=[f"the {q} {n}" for i, n in enumerate(THINGS) for j, q in enumerate(QUALITIES) if (i + j) % 3 == 0],
    verbs=[v.split()[0] for v in VERBS],
    to_do=[v.split()[1] for v in VERBS],
    where=listed("""
        beside the river | in the village | with great patience | without any warning | behind the church |
        at the edge of the forest | under the roof | against all advice | near the market | for the sake of peace |
        on behalf of the members | in spite of the weather | through the open door | with the help of two friends |
        at considerable expense | along the northern shore | from the upper windows | in plain language |
        between the two houses | across the square
    """),
    when=listed("""
        in the spring of {year} | on the following morning | before the end of the month | after a long winter |
        for more than {n} years | towards evening | during the summer of {year} | some weeks later |
        at half past eight | every second Thursday | since {year} | a few days ago | until the autumn |
        within {n} days | at the beginning of the year
    """),
    asides=listed("""
        nobody could explain the reason | the weather had been unusually mild | there was little hope of success |
        the price of coal had risen again | everything depended on the harvest | opinions were divided |
        the answer arrived too late | much remained to be done | the doors stood open |
        the damage was greater than expected | all the lamps had been lit | no further reply was received |
        the crowd became impatient | the snow had hardly melted
    """),
    frames=listed("""
        {s} {v} {o} {w}. | {t}, {s} {v} {o}. | {s} {v} {o}, and {s} {v} {o} {t}. | although {a}, {s} {v} {o} {w}. |
        it was agreed that {s} should {i} {o} {w}. | {name}, who {v} {o} {t}, was present. |
        {s} wished to {i} {o}; {a}. | when {s} {v} {o}, {a}. | “{a},” said {name}, and {v} {o}. |
        of the {n} who attended, only one {v} {o}. | {s} asked whether {name} would {i} {o} {w}. |
        {a}, for {s} {v} {o} {t}. | the cost was put at {amount}, which {s} {v} {w}. |
        {name} and {s} {v} {o}: {a}. | should {s} {i} {o} {t}? {a}. | no one had expected that {s} would {i} {o}.
    """),
    titles=listed("""
        Notice of Meeting | Annual Report | Terms of Delivery | The Old Harbour | Repairs and Maintenance |
        A Winter Journey | Questions and Answers | Future Plans | Our Customers | Costs and Income |
        Change of Address | Safety at Work | The Market Town | Local Affairs | Growth by Region | Working Together
    """),
    months=listed("""
        January | February | March | April | May | June | July | August | September | October | November | December
    """),
    opening=["Dear {name},", "Dear Sir or Madam,", "Dear Colleagues,"],
    closing=["Yours sincerely,", "Yours faithfully,", "With kind regards,"],
    quotes=("“", "”"),
)
