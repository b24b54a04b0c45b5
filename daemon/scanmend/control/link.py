"""How a command reaches the daemon: over its socket (``client``), or by signals and the files of the state folder."""

import signal
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from scanmend.config.schema import Config
from scanmend.control.controls import ReviewDesk, Steering
from scanmend.control.documents import find
from scanmend.control.retry import retry
from scanmend.control.status import status
from scanmend.control.values import DocumentQuery, Retried, Unknown
from scanmend.document import printable
from scanmend.errors import StorageError
from scanmend.intake.pauses import Pauses
from scanmend.ledger.ledger import Ledger
from scanmend.service.lock import running_pid, signal_daemon

MAX_FOUND = 200
"""Documents that ``find`` returns."""


class Link(Steering, Protocol):
    """What commands ask and tell; ScanmendError where that cannot be done."""

    def pid(self) -> int | None:
        """Return the daemon's process id; None where none runs."""

    def reviews(self) -> ReviewDesk | None:
        """Return documents in review as the daemon has them; None where only their files can be asked."""

    def find(self, text: str) -> dict[str, Any]:
        """Return the ``DocumentList`` of documents with a text in their name or hash, as plain values."""


def known_folder(config: Config, name: str) -> str:
    """Return the name of a folder, where there is one of this name; Unknown."""
    names = [folder.name for folder in config.folders]
    if name not in names:
        raise Unknown("folder", f"no folder is named {printable(name)!r}; there are: {', '.join(names)}")
    return name


class LocalLink:
    """By signals and files, which needs the rights of the daemon's user; works without a daemon, too."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def pid(self) -> int | None:
        """See Link; StorageError where this user may not look."""
        return running_pid(self._config.state_dir)

    def reviews(self) -> ReviewDesk | None:
        """See Link."""
        return None

    def find(self, text: str) -> dict[str, Any]:
        """See Link."""
        path = self._config.state_dir / "ledger.sqlite"
        if not path.exists():
            raise StorageError(f"{path} is not there: no daemon has run with this configuration yet")
        ledger = Ledger(path, read_only=True)
        try:
            return asdict(find(ledger, None, DocumentQuery(name=text, limit=MAX_FOUND)))
        finally:
            ledger.close()

    def status(self) -> dict[str, Any]:
        """See Link."""
        return status(self._config)

    def retry(self, ids: Sequence[str] | None) -> Retried:
        """See Link."""
        path = self._config.state_dir / "ledger.sqlite"
        if self.pid() is None and not path.exists():  # whoever made it now would own it
            raise StorageError(f"{path} is not there: no daemon has run with this configuration yet")
        ledger = Ledger(path)
        try:
            done = retry(self._config, ledger, ids)
        finally:
            ledger.close()
        if done.returned or done.taken_over:
            self._signal(signal.SIGUSR1)
        return done

    def unload(self) -> None:
        """See Link."""
        self._signal(signal.SIGUSR2)

    def pause(self, folder: str) -> None:
        """See Link."""
        Pauses(self._config.state_dir).add(known_folder(self._config, folder))
        self._signal(signal.SIGUSR1)

    def resume(self, folder: str) -> None:
        """See Link."""
        Pauses(self._config.state_dir).remove(known_folder(self._config, folder))
        self._signal(signal.SIGUSR1)

    def rescan(self) -> None:
        """See Link."""
        self._signal(signal.SIGUSR1)

    def reload(self) -> None:
        """See Link."""
        self._signal(signal.SIGHUP)

    def _signal(self, what: signal.Signals) -> None:
        if (pid := self.pid()) is not None:
            signal_daemon(pid, what)
