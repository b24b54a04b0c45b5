"""Sends one message with apprise, in a process of its own; the only module that imports apprise.

The process ends afterwards: whatever a service at the other end does, it takes neither the daemon's time nor its
memory, and the library's 40 MiB are gone. What apprise would add about itself is taken out: no pictures of its
project's, no folder of its own on the disk, no plug-ins from files.
"""

import importlib.util
import logging
import re
from collections.abc import Sequence
from typing import Any, Self

from scanmend.notify.privacy import scheme
from scanmend.process.child import Message, Progress, serve

MISSING = "apprise is not installed; install the extra notify (docs/monitoring.md), or remove notify"
"""What is wrong where the extra is not there."""
ABOUT = "https://scanmend.invalid/"
"""What apprise tells some services as the address of the program that sends: none."""


def is_installed() -> bool:
    """Whether apprise can be imported."""
    return importlib.util.find_spec("apprise") is not None


def problems(addresses: Sequence[str]) -> list[str]:
    """Return what is wrong with each address that apprise does not understand, by its place; sends nothing."""
    if not is_installed():
        return [MISSING]
    places = [n for n, address in enumerate(addresses, 1) if not _apprise().add(address)]
    return [f"address {n} ({scheme(addresses[n - 1])}) is none that apprise understands" for n in places]


def send(addresses: Sequence[str], title: str, text: str) -> Message:
    """Send to each address; ``{"failed": indexes of those that did not take it, "why": for people}``, or ``error``."""
    if not is_installed():
        return {"error": MISSING}
    failed, why = [], []
    for index, address in enumerate(addresses):
        with _Heard() as heard:
            one = _apprise()
            taken = one.add(address) and one.notify(body=text, title=title, body_format="text")
        if not taken:
            failed.append(index)
            why.append(f"{scheme(address)}{heard.code}")
    return {"failed": failed, "why": ", ".join(why)}


def _apprise() -> Any:
    import apprise  # noqa: PLC0415 -- half a second and 40 MiB, only where it is used

    asset = apprise.AppriseAsset(
        app_id="scanmend",
        app_desc="scanmend",
        app_url=ABOUT,
        image_url_mask="",
        image_url_logo="",
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        async_mode=False,
    )
    return apprise.Apprise(asset=asset)


class _Heard(logging.Handler):
    """Hears what apprise logs of a failure, and keeps the error's number alone: the rest may hold addresses."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.code = ""

    def emit(self, record: logging.LogRecord) -> None:
        if found := re.search(r"error[= ](\d{3})\b", record.getMessage()):
            self.code = f" (error {found[1]})"

    def __enter__(self) -> Self:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("apprise").removeHandler(self)


def _handle(request: Message, _progress: Progress) -> Message:
    return send(request["addresses"], request["title"], request["text"])


if __name__ == "__main__":
    serve(_handle)
