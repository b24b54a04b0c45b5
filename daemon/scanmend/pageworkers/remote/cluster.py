"""The connection to a Dask cluster: its workers, and tasks for them. In the daemon, only this imports ``distributed``.

Whoever controls the scheduler or a worker can run code here, as Dask's messages are pickled; so beyond this machine
only TLS with certificates on both sides is spoken (docs/SECURITY.md).
"""

import importlib.util
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanmend.config.schema import Executor
from scanmend.errors import OcrError, ScanmendError, WorkersAway

CONNECT_S = 10.0
"""Seconds in which the scheduler has to answer."""
CLOSE_S = 1.0
"""Seconds that a farewell may take."""
MISSING = "executor: dask needs the package distributed; install the extra dask (docs/scale.md)"
"""What is wrong, and what to do about it, where Dask is not installed."""
LOST = "the connection to the Dask scheduler was lost"
"""What happened to pages that were with the workers."""
_LOGGERS = ("distributed", "distributed.client", "distributed.core", "distributed.comm", "tornado.application")


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """Where the scheduler is, and how to speak to it."""

    address: str
    """``tls://host:port``; ``tcp://`` on this machine alone."""
    ca_file: Path | None = None
    """The authority that signed every certificate of the cluster; whoever has one from it is trusted."""
    cert_file: Path | None = None
    """This daemon's certificate, and ``key_file`` its key."""
    key_file: Path | None = None
    shared_paths: bool = False
    """Whether workers find sources under the same paths as the daemon."""
    in_flight: int = 2
    """Pages that are handed to each thread of a worker at most: the one being read, and what comes next."""

    @classmethod
    def of(cls, executor: Executor) -> "ClusterSettings":
        """Return what the configuration says."""
        tls = executor.tls
        return cls(
            executor.dask,
            tls.ca_file if tls else None,
            tls.cert_file if tls else None,
            tls.key_file if tls else None,
            executor.shared_paths,
            executor.in_flight,
        )


@dataclass(frozen=True, slots=True)
class Seat:
    """A worker as the scheduler knows it."""

    address: str
    name: str
    threads: int


def missing() -> str:
    """Return why no cluster can be used here; empty where one can."""
    return "" if importlib.util.find_spec("distributed") else MISSING


class Cluster:
    """One connection, until it is lost; any number of threads may call it."""

    def __init__(self, settings: ClusterSettings, connect_s: float = CONNECT_S) -> None:
        """Connect; WorkersAway says why that fails."""
        if why := missing():
            raise WorkersAway(why)
        import dask.config  # noqa: PLC0415 -- takes 50 MiB and half a second, which only daemons with a cluster spend
        from distributed import Client, Security  # noqa: PLC0415 -- as above

        for name in _LOGGERS:  # what matters comes as exceptions, and goes to our log
            logging.getLogger(name).handlers = [logging.NullHandler()]
            logging.getLogger(name).propagate = False
        dask.config.set(
            {
                "distributed.admin.large-graph-warning-threshold": "1 TiB",  # a scan goes along on purpose
                "distributed.comm.timeouts.connect": f"{connect_s:g} s",  # a lost worker is not asked for longer
            }
        )
        self._connect_s = connect_s
        try:
            security = (
                Security(
                    require_encryption=True,
                    tls_ca_file=str(settings.ca_file),
                    tls_client_cert=str(settings.cert_file),
                    tls_client_key=str(settings.key_file),
                )
                if settings.address.startswith("tls:")
                else None
            )
            self._client = Client(
                settings.address,
                security=security,
                timeout=connect_s,
                set_as_default=False,
                name="scanmend",
                direct_to_workers=True,  # pages come from the workers: by way of the scheduler, a quarter as many
            )
        except (OSError, ValueError, RuntimeError) as e:
            detail = f"{e.strerror} ({e.filename})" if isinstance(e, OSError) and e.filename else e
            raise WorkersAway(
                f"the Dask scheduler at {settings.address} cannot be reached: {_first_line(detail)}; start it, or "
                "correct executor; scanmend check tells more"
            ) from e
        self._executor = self._client.get_executor(pure=False, retries=0)

    @property
    def alive(self) -> bool:
        """Whether the scheduler is still there, as far as is known."""
        return bool(self._client.status == "running")

    def seats(self) -> dict[str, Seat]:
        """Return the workers by their addresses; WorkersAway where the scheduler does not answer."""
        try:
            found = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=self._connect_s)
        except Exception as e:  # whatever a connection that breaks just now may raise
            raise WorkersAway(LOST) from e
        return {
            address: Seat(address, str(one["name"]), int(one["nthreads"]))
            for address, one in found["workers"].items()
            if one["status"] == "running"
        }

    def submit(
        self, task: Callable[..., bytes], *arguments: Any, workers: Sequence[str] = (), only: bool = True
    ) -> "Future[bytes]":
        """Have a worker carry out a task; ``explained`` says what its exceptions mean. WorkersAway.

        ``workers``: addresses of those that may, or, where not ``only`` they may, should; all when empty.
        """
        where: Mapping[str, Any] = {"workers": list(workers), "allow_other_workers": not only} if workers else {}
        try:
            sent: Future[bytes] = self._executor.submit(task, *arguments, **where)
        except Exception as e:  # whatever a connection that breaks just now may raise
            raise WorkersAway(LOST) from e
        return sent

    def close(self) -> None:
        """Give up the connection; futures of tasks that run are cancelled."""
        with suppress(Exception):  # the scheduler may be gone
            self._client.close(timeout=CLOSE_S)
        self._client.status = "closed"  # else its end would try again, and for longer


def explained(error: BaseException) -> BaseException:
    """Return what the failure of a task means here: the connection, a worker that died, or one that cannot run it."""
    if isinstance(error, ScanmendError):
        return error
    if isinstance(error, CancelledError) or type(error).__name__ in {"FutureCancelledError", "CancelledError"}:
        return WorkersAway(LOST)
    if type(error).__name__ == "KilledWorker":
        return OcrError("every Dask worker that had the page was lost; see the log of the scheduler for why")
    return OcrError(f"a Dask worker failed: {type(error).__name__}: {_first_line(error)}")


def _first_line(said: object) -> str:
    return (str(said).splitlines() or [""])[0]
