"""wordfreq's files are read as wordfreq itself reads them."""

import gzip

import msgpack
import pytest
import wordfreq

from scanmend.language import word_files
from scanmend.language.common_words import common_words


def test_the_same_lists_as_wordfreq_has():
    """Large ones only for some languages."""
    assert word_files.list_codes("small") == set(wordfreq.available_languages("small"))
    assert word_files.list_codes("large") == set(wordfreq.available_languages("large"))


def test_the_same_words_and_frequencies():
    """Bit by bit; Latvian has a small list only."""
    assert dict(common_words("lav").items()) == wordfreq.get_frequency_dict("lv")
    lists = zip(word_files.words_by_centibel("lv"), wordfreq.get_frequency_list("lv"), strict=True)
    assert all([word.decode() for word in words] == wanted for (_, words), wanted in lists)


def test_another_format_is_refused(tmp_path):
    """A later wordfreq may write its lists otherwise."""
    file = tmp_path / "list.msgpack.gz"
    file.write_bytes(gzip.compress(msgpack.packb([{"format": "cB", "version": 2}, ["the"]])))
    with pytest.raises(ValueError, match="as wordfreq 3 has them"):
        list(word_files._read(file))
