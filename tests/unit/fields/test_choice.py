"""What a model may answer: the number of a candidate, and nothing else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from scanmend.document import DocumentField, FieldValue
from scanmend.fields.choice import answered, choices_of, grammar, question

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
