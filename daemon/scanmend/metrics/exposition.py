"""Metrics in Prometheus' text format; only this module imports prometheus_client, and only when somebody asks."""

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from scanmend.metrics.catalogue import Distribution, Metric, Samples

if TYPE_CHECKING:
    from prometheus_client import Metric as Family

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The type of what ``render`` returns, for HTTP."""


def render(samples: Samples) -> bytes:
    """Return the samples as Prometheus reads them: each metric with its help and type, sorted by name."""
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415 -- only who asks pays for it

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(samples))
    return generate_latest(registry)


class _Fixed:
    """A collector that yields the samples it was made with."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def collect(self) -> Iterator["Family"]:
        for metric in sorted(self._samples, key=lambda metric: metric.name):
            yield _family(metric, self._samples)


def _family(metric: Metric, samples: Samples) -> "Family":
    from prometheus_client import core  # noqa: PLC0415 -- see render

    values = sorted(samples[metric].items())
    if metric.kind == "histogram":
        histogram = core.HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        bounds = [*map(str, metric.buckets), "+Inf"]
        for labels, value in values:
            if isinstance(value, Distribution):
                buckets = list(zip(bounds, map(float, accumulate(value.counts)), strict=True))
                histogram.add_metric(labels, buckets, value.total)
        return histogram
    kind = core.CounterMetricFamily if metric.kind == "counter" else core.GaugeMetricFamily
    plain = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in values:
        if not isinstance(value, Distribution):
            plain.add_metric(labels, value)
    return plain
