"""What a log event means to a person: kind, subject, title and text of a message. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scanmend.notify.privacy import without_addresses, without_names

Kind = Literal["failure", "folder", "disk", "model", "config", "queue", "digest"]
Event = Mapping[str, Any]
"""A log line before it is rendered."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that people are to know."""

    kind: Kind
    subject: str
    """The folder or model that it is about; empty for none. One kind and subject is told once an hour."""
    title: str
    text: str

    @property
    def key(self) -> tuple[str, str]:
        """What is told once an hour."""
        return self.kind, self.subject


def of_event(event: Event, *, names: bool) -> Message | None:
    """Return what to tell of an event, None for nothing; ``names``: whether files may be named."""
    make = _MESSAGES.get(str(event.get("event")))
    return make(event, names) if make else None


def _reason(event: Event, key: str, *, names: bool) -> str:
    """Return why, without names of files unless they are wanted: a reason may name the file that it is about."""
    reason, file = str(event.get(key, "unknown")), str(event.get("file", ""))
    if names:
        return without_addresses(reason)
    return without_names(reason, [file, file.rpartition("/")[2], file.rpartition("/")[2].rpartition(".")[0]])


def _failure(event: Event, names: bool) -> Message:  # noqa: FBT001 -- as all in the table
    folder = str(event.get("folder", ""))
    what = f"{event.get('file')} of {folder}" if names else f"A scan of {folder}"
    text = f"{what} could not be processed: {_reason(event, 'reason', names=names)}."
    return Message("failure", folder, f"A scan of {folder} failed", f"{text} It lies in quarantine. {_STATUS}")


def _folder(event: Event, names: bool) -> Message:  # noqa: FBT001
    folder, reason = str(event.get("folder", "")), _reason(event, "reason", names=names)
    if event.get("disk_full"):
        title = f"The disk of {folder} is full"
        return Message("disk", folder, title, f"{title}: {reason}. Scans wait until there is room. {_STATUS}")
    title = f"The folder {folder} is in trouble"
    return Message("folder", folder, title, f"{title}: {reason}. Its scans wait until that has passed. {_STATUS}")


def _resting(event: Event, names: bool) -> Message:  # noqa: FBT001
    model = str(event.get("model", ""))
    failed = f"The model {model} failed {event.get('failures')} times in a row and is left alone for a while"
    text = f"{failed}: {_reason(event, 'error', names=names)}. {_STATUS}"
    return Message("model", model, f"The model {model} fails", text)


def _download(event: Event, names: bool) -> Message:  # noqa: FBT001
    model = str(event.get("model", ""))
    text = f"The model {model} could not be downloaded: {_reason(event, 'error', names=names)}. {_STATUS}"
    return Message("model", model, f"The model {model} does not come", text)


def _config(event: Event, names: bool) -> Message:  # noqa: ARG001, FBT001
    count = len(event.get("problems") or ())
    text = f"A changed configuration was not taken ({count} problem(s)); the one before it still holds."
    return Message("config", "", "The configuration is wrong", f"{text} scanmend check says what is wrong.")


_STATUS = "scanmend status says more."
_MESSAGES: Mapping[str, Callable[[Event, bool], Message]] = {
    "document.quarantined": _failure,
    "folder.paused": _folder,
    "inbox.trouble": _folder,
    "model.resting": _resting,
    "model.download_failed": _download,
    "config.rejected": _config,
}
"""By name of the event; those of this room are not among them, as a failed notification must not make another."""
TOLD = frozenset(_MESSAGES)
"""Events that make messages."""
ENDS = frozenset({"document.done", "document.quarantined"})
"""Events after which a queue has moved."""
