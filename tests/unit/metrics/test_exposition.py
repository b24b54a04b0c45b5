"""scanmend.metrics.exposition: text that Prometheus' own parser reads back as it was meant."""

import subprocess
import sys

from prometheus_client.parser import text_string_to_metric_families

from scanmend.metrics import catalogue as c
from scanmend.metrics.catalogue import Distribution
from scanmend.metrics.exposition import CONTENT_TYPE, render


def parsed(data):
    families = text_string_to_metric_families(data.decode())
    return {(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}


def test_each_kind_comes_back_as_it_was():
    """Counters, gauges, and histograms with their buckets summed up."""
    distribution = Distribution.empty(c.SHORT_S).add(0.07, c.SHORT_S).add(99.0, c.SHORT_S)
    read = parsed(
        render(
            {
                c.PAGES: {("a",): 3.0},
                c.INBOX: {("a",): 7.0},
                c.UNLOAD_SECONDS: {("m",): distribution},
            }
        )
    )
    name = c.UNLOAD_SECONDS.name
    assert read[c.PAGES.name, ("folder", "a")] == 3
    assert read[c.INBOX.name, ("folder", "a")] == 7
    buckets = [read[f"{name}_bucket", ("le", bound), ("model", "m")] for bound in ("0.05", "0.1", "30.0", "+Inf")]
    assert buckets == [0, 1, 1, 2]
    assert read[f"{name}_count", ("model", "m")] == 2
    assert read[f"{name}_sum", ("model", "m")] == 99.07


def test_labels_are_escaped():
    """A model may be called anything."""
    name = 'a "b"\\n\n{c="d"} 7'
    assert parsed(render({c.MODEL_LOADED: {(name,): 1.0}})) == {("scanmend_model_loaded", ("model", name)): 1.0}


def test_no_metric_of_another_program_is_among_them():
    """node_exporter has process_… and python_… may be others': the same name twice would break its whole scrape."""
    families = list(text_string_to_metric_families(render({m: {} for m in (*c.COUNTED, *c.LOOKED_UP)}).decode()))
    assert len(families) == len(c.COUNTED) + len(c.LOOKED_UP)
    assert all(family.name.startswith("scanmend_") for family in families)
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_whoever_counts_does_not_load_the_client():
    """Only a scrape is to cost its memory and a quarter of a second."""
    code = "import sys, scanmend.metrics.metrics, scanmend.metrics.textfile; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
