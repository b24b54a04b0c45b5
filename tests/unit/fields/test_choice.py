"""What a model may answer: the number of a candidate, and nothing else."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scanmend.document import DocumentField, FieldValue
from scanmend.fields.choice import answered, choices_of, choose, grammar, kept, question

FIELD = DocumentField("total", "amount", chosen=FieldValue("7.00", "7.00", 1), others=(FieldValue("3.00", "3.00", 1),))


def test_the_grammar_admits_the_numbers_of_the_candidates_only():
    """And 0 for none of them."""
    assert grammar(len(choices_of(FIELD))) == "root ::= [0-2]"
    assert "1: 7.00\n2: 3.00\n0: none" in question(FIELD, "Total 7.00\nTax 3.00")


@given(st.one_of(st.text(max_size=5), st.integers(0, 12).map(str)))
def test_an_answer_is_a_candidate_or_none(answer):
    """Whatever the model says."""
    chosen = answered(FIELD, answer)
    assert chosen is None or chosen in choices_of(FIELD)
    if re.fullmatch("[12]", answer):
        assert chosen == choices_of(FIELD)[int(answer) - 1]


def test_the_model_moves_its_choice_to_the_front_and_the_field_stays_doubtful():
    """Whoever looks sees who chose, and the ranker's value among the others."""
    field = DocumentField("total", "amount", required=True, chosen=FieldValue("7.00", "7.00", 1), doubt="why")
    field = replace(field, others=(FieldValue("8.00", "8.00", 1), FieldValue("9.00", "9.00", 1)))
    asked = []

    def ask(question, grammar):
        asked.append(grammar)
        return "3"

    chosen = choose(field, "text", ask)
    assert asked == ["root ::= [0-3]"]
    assert (chosen.value, chosen.chosen_by, chosen.doubt) == ("9.00", "model", "why")
    assert [one.value for one in chosen.others] == ["7.00", "8.00"]
    assert choose(field, "text", lambda *_: "0") == field
    assert kept(field, chosen) == chosen
    assert kept(chosen, field) == chosen
