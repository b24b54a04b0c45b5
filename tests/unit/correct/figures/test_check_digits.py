"""Check digits hold for real identifiers and fail where one digit is misread."""

import random
import re

import pytest

from scanmend.correct.figures.check_digits import GTIN, PARTITA_IVA, SCHEMES, SIREN, SIRET, compact
from typed_sheet import misread

VALID = {
    "DE89 3704 0044 0532 0130 00": "the IBAN",
    "GB29 NWBK 6016 1331 9268 19": "the IBAN",
    "FR14 2004 1010 0505 0001 3M02 606": "the IBAN",
    "NL91 ABNA 0417 1643 00": "the IBAN",
    "BE68 5390 0754 7034": "the IBAN",
    "AT61 1904 3002 3457 3201": "the IBAN",
    "DE 136 695 976": "the German VAT number",
    "FR 40 303 265 045": "the French VAT number",
    "NL 004495445 B01": "the Dutch VAT number",
    "BE 0776.091.951": "the Belgian VAT number",
    "ATU13585627": "the Austrian VAT number",
    "IT 00743110157": "the Italian VAT number",
    "ESB58378431": "the Spanish VAT number",
    "ES54362315K": "the Spanish VAT number",
    "GB 980 7806 84": "the British VAT number",
}


@pytest.mark.parametrize(("text", "name"), VALID.items())
def test_identifiers_prove_themselves(text, name):
    fitting = [scheme for scheme in SCHEMES if scheme.shape.fullmatch(compact(text))]
    assert [scheme.name for scheme in fitting if scheme.is_valid(compact(text))] == [name]


@pytest.mark.parametrize(("text", "name"), VALID.items())
def test_a_misread_digit_is_noticed(text, name):
    """Dutch and British numbers follow either of two formulas, so that some pass; one ignores the last two digits."""
    draw = random.Random(3)  # noqa: S311 -- repeatable, no secret
    scheme = next(s for s in SCHEMES if s.name == name)
    others = {misread(compact(text), draw) for _ in range(60)}
    passing = [t for t in others if scheme.shape.fullmatch(t) and scheme.is_valid(t)]
    assert len(passing) <= (len(others) // 3 if name in ("the Dutch VAT number", "the British VAT number") else 0)


@pytest.mark.parametrize(
    ("scheme", "text"),
    [(SIREN, "732829320"), (SIRET, "73282932000074"), (GTIN, "4006381333931"), (PARTITA_IVA, "00743110157")],
)
def test_bare_numbers_prove_themselves(scheme, text):
    assert scheme.shape.fullmatch(text)
    assert scheme.is_valid(text)
    assert not any(scheme.is_valid(re.sub(".$", digit, text)) for digit in "0123456789" if digit != text[-1])


@pytest.mark.parametrize("scheme", [*SCHEMES[1:], SIREN, GTIN], ids=lambda scheme: scheme.name)
def test_the_stated_chance_is_that_of_random_digits(scheme):
    """The share of valid ones among random identifiers of the shape is not above what the scheme says."""
    numbers = {n: compact(t) for t, n in VALID.items()}
    numbers |= {SIREN.name: "732829320", GTIN.name: "4006381333931"}
    example = numbers[scheme.name]
    draw = random.Random(7)  # noqa: S311 -- repeatable, no secret
    head = len(example) - len(example.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    texts = [example[:head] + re.sub(r"\d", lambda _: draw.choice("0123456789"), example[head:]) for _ in range(4000)]
    valid = sum(scheme.is_valid(text) for text in texts if scheme.shape.fullmatch(text))
    assert valid / len(texts) <= 1.25 * scheme.chance + 0.005
