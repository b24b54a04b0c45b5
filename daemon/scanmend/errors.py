"""Every error that scanmend raises. Its class says whose fault it is, and thereby what happens next.

::

    ScanmendError            exit 1
    ├── ConfigError          exit 78 (EX_CONFIG): the configuration's fault; nothing starts
    ├── DocumentError        the file's fault: this one document goes to quarantine, at once
    ├── TransientError       not the file's fault: the document is tried again, after longer and longer waits
    │   ├── StorageError     a folder is gone, read-only or full
    │   │   └── LedgerDamaged    the ledger's content cannot be trusted any more
    │   ├── OcrError         Tesseract or a page worker failed
    │   │   ├── PageFailed       it crashed or hung on one page: once may be chance, twice is the document's fault
    │   │   └── WorkersAway      the machines that read pages are out of reach: documents wait, no attempt is counted
    │   ├── ReaderError      the second reader could not be used: the page goes without its evidence
    │   ├── ChildDied        a child process crashed, hung or answered garbage; who asked it says what that means
    │   └── ModelError       the language model could not be found, loaded or asked
    │       ├── ModelMissing     no GGUF here and none could be fetched
    │       ├── EndpointFailed   the server that runs the model cannot be reached, or used
    │       ├── HostDied         the model's process did so; a ChildDied, too
    │       └── ModelResting     the model failed again and again: no call until its pause is over (circuit breaker)
    ├── Postponed            not a failure: the document waits, for a model or for its turn; no attempt is counted
    └── Stopping             not a failure: the daemon was asked to stop; the document waits for the next start
"""

from collections.abc import Sequence

from scanmend.error_codes.codes import code_of


class ScanmendError(Exception):
    """Base of everything scanmend raises on purpose."""

    exit_code = 1
    """Exit code of a command that this error ends."""
    kind = "failed"
    """Code of its messages that have none of their own (``error_codes``)."""

    @property
    def code(self) -> str:
        """What the page of troubleshooting explains it by; of several problems, that of one."""
        return code_of(str(self), self.kind)


class ConfigError(ScanmendError):
    """The configuration cannot be used; ``problems`` has one line for each reason, written for the administrator."""

    exit_code = 78
    kind = "config"

    def __init__(self, problems: Sequence[str], origin: str = "") -> None:
        """``origin``: why this configuration was read, where nobody named it in the call."""
        super().__init__("\n".join([*problems, *([origin] if origin else [])]))
        self.problems = tuple(problems)
        self.origin = origin


class DocumentError(ScanmendError):
    """This file cannot be processed, now or later; the message is shown to the person who scanned it."""

    kind = "document"


class TransientError(ScanmendError):
    """Something around the document failed; trying again later may work."""


class StorageError(TransientError):
    """A folder is missing, read-only or full."""

    kind = "storage"


class LedgerDamaged(StorageError):
    """The ledger's file is not a database, or not one that scanmend could have written."""


class OcrError(TransientError):
    """Tesseract, or the process that runs a page, failed for a reason that has nothing to do with the page."""

    kind = "ocr"


class PageFailed(OcrError):
    """Tesseract, or the process that runs a page, crashed or hung on this page."""

    def __init__(self, what: str, how: str) -> None:
        """``what``: the page or other part of the work, with which the message begins; ``how``: what happened to it."""
        super().__init__(f"{what} {how}")
        self.what = what
        self.how = how

    def repeats(self, error: str | None) -> bool:
        """Whether ``error``, the last one recorded of the document, happened at the same part of the work."""
        return (error or "").startswith(f"{self.what} ")


class WorkersAway(OcrError):
    """The Dask cluster that reads pages cannot be reached, or has no worker that could read this page."""

    kind = "workers-away"


class ReaderError(TransientError):
    """The second reader could not be loaded or asked; no page fails for it."""

    kind = "second-reader"


class ChildDied(TransientError):
    """A child process died, hung or broke the protocol; ``signal`` is set when a signal killed it.

    Whoever asked the child turns this into an error of its own: of a page, or of a model.
    """

    def __init__(self, message: str, signal: int | None = None) -> None:
        super().__init__(message)
        self.signal = signal


class ModelError(TransientError):
    """The language model could not be used."""

    kind = "model"


class ModelMissing(ModelError):
    """There is no GGUF file of this model on this machine, and none could be downloaded."""


class EndpointFailed(ModelError):
    """The server of a model cannot be reached, or does not do as it must; ``rest_s``: when it wants to be asked again.

    ``rest_s`` is in seconds from now; None where the server says nothing of that.
    """

    def __init__(self, message: str, rest_s: float | None = None) -> None:
        super().__init__(message)
        self.rest_s = rest_s


class HostDied(ModelError, ChildDied):
    """The model's process died, hung or broke the protocol; ``signal`` is the number of the signal that killed it."""


class ModelResting(ModelError):
    """The model failed again and again, and is not called until its pause is over."""


class Postponed(ScanmendError):
    """This document has to wait, though nothing failed; the message says what for. No attempt is counted."""


class Stopping(ScanmendError):
    """The daemon was asked to stop while it worked on this document."""
