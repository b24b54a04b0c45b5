"""Builds page workers and the slot for models from a configuration, and ends them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scanmend.config.schema import Config
from scanmend.errors import ConfigError
from scanmend.jobs.pipeline import Pipeline
from scanmend.llm.scheduler.layer_history import LayerHistory
from scanmend.llm.scheduler.model_process import Effects
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import policy_of
from scanmend.llm.store.last_used import LAST_USED, LastUsed
from scanmend.llm.store.store import Store
from scanmend.pageworkers.pool import PagePool
from scanmend.pageworkers.remote.cluster import ClusterSettings
from scanmend.pageworkers.remote.cluster import missing as dask_missing
from scanmend.pageworkers.remote.remote_pages import RemotePages


def page_pool(config: Config, work: Path | None = None) -> PagePool:
    """Return page workers, which start on demand. ``work``: their folder; one below ``state_dir`` when None.

    ConfigError where pages are to be read by a Dask cluster and Dask is not installed.
    """
    workers = config.workers or len(os.sched_getaffinity(0))
    return PagePool(workers, work or config.state_dir / "work", remote=remote_pages(config))


def remote_pages(config: Config) -> RemotePages | None:
    """Return the cluster that reads pages; None where this machine does. ConfigError where Dask is not installed."""
    if config.executor is None:
        return None
    if why := dask_missing():
        raise ConfigError([f"{config.source}: {why}"])
    return RemotePages(ClusterSettings.of(config.executor))


def model_slot(config: Config, **wiring: Any) -> ModelSlot:
    """Return the slot for models, loaded on demand. ``wiring``: fields of ``Effects`` that are not the default."""
    file_used = LastUsed(config.state_dir / LAST_USED).note
    effects = Effects(history=LayerHistory(config.state_dir / "gpu_layers.json"), file_used=file_used, **wiring)
    return ModelSlot(config.models, Store(config.models_dir), policy_of(config), effects)


@contextmanager
def one_shot_pipeline(config: Config) -> Iterator[Pipeline]:
    """Page workers and models for one-shot work; every child process is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="scanmend-") as work:
        pool, slot = page_pool(config, Path(work)), model_slot(config)
        try:
            yield Pipeline(pool, slot)
        finally:
            pool.close()
            slot.stop()
