"""The handlers of now, done and failed; each may block, and is called in a thread."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from starlette.responses import Response

from scanmend.control.controls import Controls
from scanmend.control.values import DocumentList, DocumentQuery, Now, Unknown
from scanmend.review.reviews import Reviews
from scanmend.web import done, failed, now
from scanmend.web.done import Row
from scanmend.web.frame import Frame
from scanmend.web.handling import Asked, back, page, problem

FAILURES = 50
"""Failed documents on one page."""


class Views:
    """See the module."""

    def __init__(self, controls: Controls, reviews: Reviews) -> None:
        self._controls, self._reviews = controls, reviews

    def now(self, _asked: Asked) -> Response:
        """Show what happens at this moment."""
        return page("now.html", self.frame("now", "Now"), **now_values(self._controls.now()))

    def done(self, asked: Asked) -> Response:
        """Show documents, newest first, as the address asks for."""
        chosen = done.Filter.of(asked.query)
        try:
            found = self._controls.documents(chosen.query)
        except ValueError:  # an ``after`` that no list has given: from the beginning
            chosen = done.Filter.of({**asked.query, "after": ""})
            found = self._controls.documents(chosen.query)
        return page(
            "done.html",
            self.frame("done", done.STATES[chosen.state][0]),
            filter=chosen,
            states=done.STATES,
            folders=[folder.name for folder in self._controls.now().folders],
            rows=list(self._rows(found)),
            total=found.total,
            more="" if found.total_is_exact else "at least ",
            older=found.next,
        )

    def _rows(self, found: DocumentList) -> Iterator[Row]:
        for row in found.documents:
            with suppress(Unknown):  # the ledger has forgotten it in this moment
                yield done.row(self._controls.document(row.id))

    def failed(self, asked: Asked) -> Response:
        """Show the documents in quarantine."""
        folder, after = asked.query.get("folder") or None, asked.query.get("after")
        try:
            found = self._controls.documents(DocumentQuery(folder, ("quarantined",), limit=FAILURES, after=after))
        except ValueError:
            found = self._controls.documents(DocumentQuery(folder, ("quarantined",), limit=FAILURES))
        return page(
            "failed.html",
            self.frame("failed", "Failed"),
            failures=[failed.failure(row) for row in found.documents],
            total=found.total,
            folder=folder,
            older=failed.address(folder, found.next) if found.next else None,
        )

    def unload(self, _asked: Asked) -> Response:
        """Have the models' processes end."""
        self._controls.unload()
        return back("/")

    def pause(self, asked: Asked) -> Response:
        """Have nothing more taken from the inbox of a folder."""
        self._controls.pause(asked.path["name"])
        return back("/")

    def resume(self, asked: Asked) -> Response:
        """End a pause."""
        self._controls.resume(asked.path["name"])
        return back("/")

    def retry(self, asked: Asked) -> Response:
        """Give one document back to work; nothing where somebody did so just before."""
        try:
            return _retried(self._controls.retry([asked.path["id"]]).refused)
        except Unknown:
            return back("/failed")

    def retry_all(self, _asked: Asked) -> Response:
        """Give all documents in quarantine back to work."""
        return _retried(self._controls.retry(None).refused)

    def nothing(self, _asked: Asked) -> Response:
        """Say that there is no such page."""
        return problem(404, "There is nothing here", "This address is no page of scanmend.")

    def frame(self, view: str, title: str) -> Frame:
        """Return what is around a view."""
        failures = self._controls.documents(DocumentQuery(states=("quarantined",), limit=1)).total
        return Frame(view, title, time.time(), failures, self._reviews.counts().get("open", 0))


def now_values(current: Now) -> dict[str, Any]:
    """Return what the template of now is filled with."""
    return {
        "summary": now.summary(current),
        "troubles": now.troubles(current),
        "plots": now.plot_cards(current),
        "models": [(one, now.place(one), now.holds(one), now.unload_at(one, current)) for one in current.models],
        "model_state": current.model_state,
        "downloads": current.downloads,
        "folders": now.folder_cards(current),
        "version": current.version,
        "pid": current.pid,
        "started": current.started,
    }


def _retried(refused: Any) -> Response:
    """Go back to the failures, or say which stay there and why."""
    if not refused:
        return back("/failed")
    return problem(409, "Some stay in quarantine", "; ".join(f"{id_}: {why}" for id_, why in refused.items()))
