"""Every metric: its name after Prometheus' conventions, its kind, what it says, and which labels it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Labels = tuple[str, ...]
"""Values of a metric's labels, in the order of their names."""

SHORT_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds for what takes a moment: ending a process."""
LONG_S = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper bounds in seconds for what takes from a moment to half an hour, the longest that a document is worked on."""
WAITING_S = (1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 14_400.0, 86_400.0)
"""Upper bounds in seconds for what people wait for a document: up to a day, when a folder was paused."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Labels = ()
    """Names of the labels."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, ascending; that of infinity goes without saying."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a histogram holds for one set of labels."""

    counts: tuple[int, ...]
    """Values up to each upper bound and above the one before it; the last number is for those above all."""
    total: float
    """Sum of all values."""

    def add(self, value: float, buckets: tuple[float, ...]) -> "Distribution":
        """Return the distribution with one more value."""
        place = next((i for i, bound in enumerate(buckets) if value <= bound), len(buckets))
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return Distribution(counts, self.total + value)

    @classmethod
    def empty(cls, buckets: tuple[float, ...]) -> "Distribution":
        """Return one without values."""
        return cls((0,) * (len(buckets) + 1), 0.0)


Samples = Mapping[Metric, Mapping[Labels, "float | Distribution"]]
"""The values of some metrics at one moment, by their labels."""

# Counted from log events.
DOCUMENTS = Metric(
    "scanmend_documents_total", "counter", "Documents that came to their end, by how they ended.", ("folder", "outcome")
)
PUT_OFF = Metric(
    "scanmend_documents_put_off_total",
    "counter",
    "Attempts on documents that ended without an end, by why: they are taken up again.",
    ("folder", "why"),
)
PAGES = Metric("scanmend_pages_total", "counter", "Pages of published documents.", ("folder",))
NUMBERS = Metric(
    "scanmend_numbers_total",
    "counter",
    "Numbers in published documents that both readers read alike, differently, or only one of them.",
    ("folder", "state"),
)
EDITS = Metric(
    "scanmend_edits_total", "counter", "Proposed edits in published documents, by verdict.", ("folder", "verdict")
)
STAGE_SECONDS = Metric(
    "scanmend_document_stage_seconds",
    "histogram",
    "Time that a published document took in each stage; ocr and correction are sums over its pages.",
    ("folder", "stage"),
    LONG_S,
)
WAITED_SECONDS = Metric(
    "scanmend_document_age_seconds",
    "histogram",
    "Time from the claim of a file in its inbox to its outputs, whatever it waited for.",
    ("folder",),
    WAITING_S,
)
WARNINGS = Metric(
    "scanmend_document_warnings_total", "counter", "Warnings about published documents, by code.", ("code",)
)
UNEXPECTED = Metric("scanmend_unexpected_errors_total", "counter", "Errors in documents that are bugs of scanmend.")
HOOKS = Metric(
    "scanmend_hook_runs_total",
    "counter",
    "Runs of on_success, on_failure and on_review, by result.",
    ("folder", "result"),
)
LOAD_SECONDS = Metric(
    "scanmend_model_load_seconds", "histogram", "Time that loads of a model took.", ("model",), LONG_S
)
UNLOAD_SECONDS = Metric(
    "scanmend_model_unload_seconds",
    "histogram",
    "Time from the end of a model's process to the return of its memory.",
    ("model",),
    SHORT_S,
)
MODEL_FAILURES = Metric(
    "scanmend_model_failures_total", "counter", "What went wrong with a model, by kind.", ("model", "kind")
)
NOT_RETURNED = Metric(
    "scanmend_model_memory_not_returned_total", "counter", "Unloads after which not all memory came back.", ("model",)
)
GPU_MEMORY = Metric(
    "scanmend_gpu_memory_used_bytes",
    "gauge",
    "GPU memory that all processes used before the model's latest load, with it loaded, and after it was unloaded.",
    ("model", "moment"),
)
READER_FAILURES = Metric(
    "scanmend_second_reader_failures_total", "counter", "Pages that went without the second reader, as it failed."
)
REJECTIONS = Metric(
    "scanmend_config_rejections_total", "counter", "Changed configurations that were wrong and not taken."
)
CONFIG_GOOD = Metric(
    "scanmend_config_last_reload_successful", "gauge", "Whether the configuration file, when last read, was taken."
)
NOTIFICATIONS = Metric("scanmend_notifications_total", "counter", "Notifications, by what became of them.", ("result",))
LOG_LINES = Metric("scanmend_log_lines_total", "counter", "Lines in the log, by level.", ("level",))
LAST_SUCCESS = Metric(
    "scanmend_last_success_timestamp_seconds",
    "gauge",
    "When the outputs of a document of the folder were last published.",
    ("folder",),
)

# Looked up at the time of a scrape.
QUEUE = Metric(
    "scanmend_queue_documents", "gauge", "Documents that were claimed and are not done, by state.", ("folder", "state")
)
QUARANTINED = Metric("scanmend_quarantined_documents", "gauge", "Documents that lie in quarantine.", ("folder",))
INBOX = Metric("scanmend_inbox_files", "gauge", "Files in the inbox that are not claimed yet.", ("folder",))
PAUSED = Metric(
    "scanmend_folder_paused", "gauge", "Whether the folder is paused, as a path of it cannot be used.", ("folder",)
)
TROUBLE = Metric(
    "scanmend_folder_trouble", "gauge", "Whether scanmend status tells a trouble of the folder.", ("folder",)
)
MODEL_LOADED = Metric("scanmend_model_loaded", "gauge", "Whether the model is loaded.", ("model",))
DOWNLOADING = Metric("scanmend_model_downloading", "gauge", "Whether the model is being downloaded.", ("model",))
TROUBLES = Metric("scanmend_troubles", "gauge", "Troubles that scanmend status tells, apart from those of folders.")
PAGE_WORKERS = Metric("scanmend_page_workers", "gauge", "Page processes that run.")
RESIDENT = Metric("scanmend_resident_memory_bytes", "gauge", "RAM of the daemon's own process.")
CPU = Metric("scanmend_cpu_seconds_total", "counter", "CPU time of the daemon's own process.")
STARTED = Metric("scanmend_start_time_seconds", "gauge", "When the daemon started.")
WRITTEN = Metric("scanmend_scrape_timestamp_seconds", "gauge", "When these values were put together.")
RUNNING = Metric("scanmend_running", "gauge", "Whether the daemon runs; 0 once it has stopped in the ordinary way.")
BUILD = Metric("scanmend_build_info", "gauge", "Always 1; the labels say what runs.", ("version", "python"))

COUNTED = (
    DOCUMENTS, PUT_OFF, PAGES, NUMBERS, EDITS, STAGE_SECONDS, WAITED_SECONDS, WARNINGS, UNEXPECTED, HOOKS,
    LOAD_SECONDS, UNLOAD_SECONDS, MODEL_FAILURES, NOT_RETURNED, GPU_MEMORY, READER_FAILURES, REJECTIONS, CONFIG_GOOD,
    NOTIFICATIONS, LOG_LINES, LAST_SUCCESS,
)  # fmt: skip
"""Metrics that log events count."""
LOOKED_UP = (
    QUEUE, QUARANTINED, INBOX, PAUSED, TROUBLE, MODEL_LOADED, DOWNLOADING, TROUBLES, PAGE_WORKERS,
    RESIDENT, CPU, STARTED, WRITTEN, RUNNING, BUILD,
)  # fmt: skip
"""Metrics that are found out when somebody asks."""
