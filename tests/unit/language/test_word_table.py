"""A table of words holds what a ``dict`` of them would, however many there are and whatever is asked for."""

from hypothesis import given
from hypothesis import strategies as st

from scanmend.language.word_table import WordTable

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8)


@given(st.lists(st.tuples(st.floats(0.1, 9.0), st.lists(WORDS, max_size=40)), max_size=6), st.text(max_size=8))
def test_it_is_the_dict_of_its_words(groups, asked):
    """Of a word that comes twice, the first counts; the order stays."""
    wanted: dict[str, float] = {}
    for value, words in groups:
        for word in words:
            wanted.setdefault(word, value)
    table = WordTable((value, [word.encode() for word in words]) for value, words in groups)
    assert (len(table), bool(table)) == (len(wanted), bool(wanted))
    assert dict(table.items()) == wanted
    assert list(table) == list(wanted)
    assert (asked in table, table.get(asked)) == (asked in wanted, wanted.get(asked))
    assert table.value(asked) == wanted.get(asked, 0.0)


def test_two_words_in_a_row_are_no_word():
    """Not even where what is asked for stands in the blob as it is."""
    table = WordTable([(1.0, [b"one", b"two"])])
    assert "one\ntwo" not in table
    assert "one" in table
    assert 1 not in table
