"""The view of documents: what an address asks for, and what a row tells."""

from dataclasses import replace
from datetime import datetime

import pytest

from page_values import DOCUMENT
from scanmend.web.done import MAX_TEXT, Filter, output_address, row, source_address


def test_without_a_choice_finished_documents_are_shown():
    query = Filter.of({}).query
    assert (query.states, query.folder, query.name, query.since, query.until) == (("done",), None, None, None, None)
    assert not Filter.of({}).is_narrow


def test_every_choice_narrows_the_query():
    asked = Filter.of({"folder": "a", "state": "failed", "name": " x ", "since": "2026-11-01", "until": "2026-11-02"})
    query = asked.query
    assert (query.folder, query.states, query.name) == ("a", ("quarantined",), "x")
    assert asked.is_narrow
    assert query.since == datetime(2026, 11, 1).astimezone().timestamp()
    assert query.until == datetime(2026, 11, 3).astimezone().timestamp(), "the whole last day belongs to it"


@pytest.mark.parametrize("bad", ["yesterday", "2026-13-01", "0001-01-01", "9999-12-31", "2026-1-1x", "' OR 1=1"])
def test_a_date_that_is_none_narrows_nothing(bad):
    asked = Filter.of({"since": bad, "until": bad, "state": bad})
    assert asked.state == "done"
    assert (asked.query.since, asked.query.until) == (None, None)


def test_a_text_without_end_is_cut():
    assert len(Filter.of({"name": "x" * 100_000}).name) == MAX_TEXT


def test_the_address_leads_to_the_same_choice():
    asked = Filter.of({"folder": "a&b", "name": "ü #?", "state": "all", "since": "2026-11-01"})
    from_address = dict(pair.split("=") for pair in asked.address("next one").split("?")[1].split("&"))
    assert from_address["folder"] == "a%26b"
    assert from_address["after"] == "next+one"
    assert Filter.of({}).address() == "/done"


def test_a_row_tells_edits_time_and_outputs():
    one = row(DOCUMENT)
    assert (one.edits, one.seconds, one.numbers.disputed) == (4, 2.5, 2)
    assert [suffix for suffix, _ in one.links] == ["txt", "json"]


@pytest.mark.parametrize(
    "record", [{}, {"edits": None, "timings": 3}, {"edits": {"accepted": "4"}, "timings": {"total_s": True}}]
)
def test_a_record_of_another_scanmend_is_told_as_far_as_it_goes(record):
    one = row(replace(DOCUMENT, record=record))
    assert (one.edits, one.seconds) == (None, None)


def test_addresses_of_downloads_are_quoted():
    assert output_address(DOCUMENT, "a b/../c?.txt") == "/api/v1/documents/d1/outputs/a%20b%2F..%2Fc%3F.txt"
    assert source_address(DOCUMENT) == "/api/v1/documents/d1/source"
