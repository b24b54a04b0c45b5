"""scanmend.metrics.events: the table names events that are logged, labels that metrics have, and is documented."""

import re

import pytest

from project import ROOT
from scanmend.metrics.catalogue import COUNTED
from scanmend.metrics.events import BY_LEVEL, RULES

SOURCE = "\n".join(p.read_text("utf-8") for p in (ROOT / "daemon").rglob("*.py") if p.parent.name != "metrics")


@pytest.mark.parametrize("event", RULES)
def test_every_event_of_the_table_is_logged_somewhere(event):
    """A rule for an event that was renamed would count nothing, for ever."""
    assert re.search(rf'"{re.escape(event)}"', SOURCE)


@pytest.mark.parametrize("event", RULES)
def test_rules_give_each_label_of_their_metric_a_value(event):
    """And no other."""
    for rule in RULES[event]:
        assert set(rule.labels) == set(rule.metric.labels), rule.metric.name


@pytest.mark.parametrize("event", RULES)
def test_keys_that_rules_read_are_keys_that_somebody_logs(event):
    """As keywords of a call, or in what `as_dict` and the like return."""
    for rule in RULES[event]:
        for source in (*rule.labels.values(), rule.amount):
            if not source.startswith("="):
                name = re.sub("^numbers_.*", r"numbers_\\{state\\}", source)
                assert re.search(rf'\b{source}=|"{source}":|"{name}"', SOURCE), source


def test_every_counted_metric_is_counted_by_something():
    """One that nothing counts would say 0 whatever happens."""
    counted = {rule.metric for rules in RULES.values() for rule in rules} | {BY_LEVEL.metric}
    assert counted == set(COUNTED)


def test_the_table_of_the_documents_has_every_event_and_what_it_counts():
    """docs/monitoring.md is what operators read."""
    text = (ROOT / "docs" / "monitoring.md").read_text("utf-8").split("\n## Log events\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`[a-z_.`, ]+`) \|([^|]*)\|([^|]*)\|", text, re.MULTILINE)
    told = {event: counts for events, _, counts in rows for event in re.findall(r"`([a-z_.]+)`", events)}
    for event, rules in RULES.items():
        names = {rule.metric.name for rule in rules}
        assert set(re.findall(r"`(scanmend_\w+)`", told[event])) == names, event
    assert {event for event, counts in told.items() if "scanmend_" in counts} == set(RULES)
