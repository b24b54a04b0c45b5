"""scanmend.metrics.catalogue: names and labels as Prometheus' conventions and `promtool check metrics` want them."""

import re

import pytest

from scanmend.metrics import catalogue
from scanmend.metrics.catalogue import COUNTED, LOOKED_UP, Distribution, Metric

EVERY = (*COUNTED, *LOOKED_UP)
UNITS = ("seconds", "bytes", "celsius", "meters", "ratio")
OTHER_UNITS = {"ms", "milliseconds", "minutes", "hours", "mib", "kib", "mb", "percent", "us", "s", "min"}


@pytest.mark.parametrize("metric", EVERY, ids=lambda metric: metric.name)
class TestName:
    def test_it_is_of_scanmend_and_in_snake_case(self, metric):
        assert re.fullmatch(r"scanmend(_[a-z]+)+", metric.name)

    def test_only_counters_end_in_total(self, metric):
        assert metric.name.endswith("_total") == (metric.kind == "counter")

    def test_units_are_base_units_and_come_last(self, metric):
        words = metric.name.removesuffix("_total").split("_")
        assert not OTHER_UNITS & set(words)
        assert all(word not in UNITS or word == words[-1] for word in words)
        assert metric.kind != "histogram" or words[-1] in UNITS

    def test_no_suffix_is_one_that_prometheus_makes_itself(self, metric):
        assert not metric.name.endswith(("_count", "_sum", "_bucket", "_created"))

    def test_the_help_is_a_sentence(self, metric):
        assert metric.help[0].isupper()
        assert metric.help.endswith(".")

    def test_no_label_can_grow_without_bound(self, metric):
        """Names of folders and models are the configuration's, all else are words of this program."""
        known = {"folder", "model", "outcome", "why", "state", "verdict", "stage", "code", "result", "kind", "moment"}
        assert set(metric.labels) <= known | {"level", "version", "python"}

    def test_buckets_ascend_and_are_there_for_histograms_only(self, metric):
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert bool(metric.buckets) == (metric.kind == "histogram")


def test_no_metric_is_forgotten_and_no_name_used_twice():
    """Each constant of the module is in one of the two lists."""
    defined = [value for value in vars(catalogue).values() if isinstance(value, Metric)]
    assert sorted(m.name for m in EVERY) == sorted(m.name for m in defined)
    assert len({m.name for m in EVERY}) == len(EVERY)


@pytest.mark.parametrize(("value", "place"), [(0.5, 0), (1.0, 0), (1.01, 1), (99.0, 2)])
def test_a_value_counts_in_the_first_bucket_that_holds_it(value, place):
    """An upper bound belongs to its bucket, as `le` says."""
    counts = Distribution.empty((1.0, 2.0)).add(value, (1.0, 2.0)).counts
    assert [i for i, count in enumerate(counts) if count] == [place]
