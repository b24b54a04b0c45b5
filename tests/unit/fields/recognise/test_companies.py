"""Lines that can be the name of a company."""

from scanmend.fields.recognise.companies import find_companies, legal_form
from scanmend.fields.recognise.page_text import page_text
from typed_page import typed_page


def names(*rows):
    return [span.text for span in find_companies(page_text(typed_page(*rows)))]


def test_a_registration_number_is_no_part_of_the_name():
    """In whatever brackets it comes."""
    assert names("AEON CO. (M) BHD (126926-H)", "3RD FLR, TAMAN MALURI")[0] == "AEON CO. (M) BHD"
    assert names("GARDENIA BAKERIES (KL) SDN BHD (139386 X)")[0] == "GARDENIA BAKERIES (KL) SDN BHD"


def test_a_name_may_go_on_in_the_next_line():
    """Where that holds no digits."""
    found = names("HOME MASTER HARDWARE &", "ELECTRICAL", "NO.113G JALAN SETIA")
    assert "HOME MASTER HARDWARE & ELECTRICAL" in found
    assert not any("ELECTRICAL NO" in name for name in found)


def test_legal_forms_stand_behind_a_name():
    """Of many countries; a word that begins like one is none."""
    for name in ("Straub Handels GmbH & Co. KG", "Négoce SA", "Forniture S.r.l.", "Bakker B.V.", "99 SPEED MART S/B"):
        assert legal_form(name), name
    assert not legal_form("Agnes Sarlat")
