"""The handlers of the review; each may block, and is called in a thread."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args
from urllib.parse import quote, unquote

from starlette.responses import Response

from scanmend.fs.safe_open import open_source
from scanmend.review.documents import ReviewDocument
from scanmend.review.doubt.decisions import Choice, Decision, DecisionRefused
from scanmend.review.doubt.places import Source
from scanmend.review.reviews import Reviews
from scanmend.web.desk.desk import NAME_COOKIE, NAME_COOKIE_S, Desk, address, changed, desk, next_open
from scanmend.web.desk.queue import SHOWN, Section, section, wanted
from scanmend.web.handling import Asked, back, page, problem
from scanmend.web.views import Views

KEPT_IMAGE = "private, max-age=3600"
"""Images of a page stay the same as long as the document is in review."""
MAX_NAME_CHARS = 80
"""Longest name of whoever decides."""
SHOWN_WORDS = 50
"""Learned words that are shown beside a place, the latest."""
SHOWN_EDITS = 5
"""Edits of one learned word that are shown, the latest."""
CHOICES: tuple[Choice, ...] = get_args(Choice)
"""What a form may decide."""
SOURCES: tuple[Source, ...] = get_args(Source)
"""Whose reading a form may take."""


class ReviewViews:
    """See the module."""

    def __init__(self, views: Views, reviews: Reviews) -> None:
        self._views, self._reviews = views, reviews

    def queue(self, asked: Asked) -> Response:
        """Show the documents to review, most doubtful first, and those that were; one page of each."""
        state, after = asked.query.get("state", ""), asked.query.get("after", "")
        try:
            sections = list(self._sections(state, after))
        except DecisionRefused:  # an ``after`` that no list has given: from the beginning
            sections = list(self._sections(state))
        return page(
            "review.html",
            self._views.frame("review", "Review"),
            sections=[one for one in sections if one.items or one.state == "open"],
            total=self._reviews.counts().get("open", 0),
        )

    def _sections(self, state: str, after: str = "") -> Iterator[Section]:
        counts = self._reviews.counts()
        for one in wanted(state, after):
            yield section(one, self._reviews.queue(after, SHOWN + 1, one), counts.get(one, 0), after)

    def document(self, asked: Asked) -> Response:
        """Show one document at the place that the address names."""
        try:
            found = self._reviews.open(asked.path["id"])
        except DecisionRefused as e:
            return problem(404, "Not in review", str(e))
        return self._show(asked, desk(found, asked.query.get("place", "")))

    def decide(self, asked: Asked) -> Response:
        """Take one decision, and go on to the next place."""
        id_, form = asked.path["id"], asked.form
        place = form.get("place", "")
        decision = _decision(place, form.get("choice", ""), form.get("text", ""), form.get("source", ""))
        if decision is None:
            return problem(400, "That cannot be understood", "The form is none of this page.")
        try:
            found = self._reviews.decide(id_, [decision], _name(asked))
        except DecisionRefused as e:
            return self._refused(asked, place, str(e))
        skipped = decision.choice == "skip"
        return back(address(id_, place=_behind(found, place) if skipped else next_open(found, place)))

    def undo(self, asked: Asked) -> Response:
        """Take the latest step back, and go to its place."""
        id_, place = asked.path["id"], asked.form.get("place", "")
        before = self._reviews.open(id_)
        try:
            after = self._reviews.undo(id_, _name(asked))
        except DecisionRefused as e:
            return self._refused(asked, place, str(e))
        return back(address(id_, place=changed(before.places, after.places) or place))

    def restore(self, asked: Asked) -> Response:
        """Bring the machine's version back."""
        self._reviews.restore_machine(asked.path["id"], _name(asked))
        return back(address(asked.path["id"]))

    def set_name(self, asked: Asked) -> Response:
        """Have the browser remember who decides."""
        target = asked.form.get("back", "")
        answer = back(address(target) if target else "/review")
        name = " ".join(asked.form.get("name", "").split())[:MAX_NAME_CHARS]
        kept = quote(name, safe="", errors="replace")
        answer.set_cookie(NAME_COOKIE, kept, max_age=NAME_COOKIE_S, path="/review", httponly=True, samesite="strict")
        return answer

    def page_image(self, asked: Asked) -> Response:
        """Send the image of a page."""
        return _image(self._reviews.page_image(asked.path["id"], int(asked.path["number"])))

    def crop(self, asked: Asked) -> Response:
        """Send the image of a place."""
        return _image(self._reviews.crop(asked.path["id"], asked.path["place"]))

    def _refused(self, asked: Asked, place: str, why: str) -> Response:
        return self._show(asked, desk(self._reviews.open(asked.path["id"]), place), why, 409)

    def _show(self, asked: Asked, on_it: Desk, refused: str = "", status: int = 200) -> Response:
        frame = self._views.frame("review", on_it.document.item.name)
        return page(
            "place.html",
            frame,
            status,
            desk=on_it,
            refused=refused,
            name=_name(asked),
            learned=self._reviews.learned(on_it.document.item.folder),
            shown_words=SHOWN_WORDS,
            shown_edits=SHOWN_EDITS,
        )


def _decision(place: str, choice: str, text: str, source: str) -> Decision | None:
    """Return what a form decides; None where no form of ours says so."""
    known = next((one for one in CHOICES if one == choice), None)
    whose = next((one for one in SOURCES if one == source), None)
    if not place or known is None or (source and whose is None):
        return None
    return Decision(place, known, text, whose or "")


def _behind(document: ReviewDocument, place: str) -> str:
    """Return the place behind one that was skipped: the next in order, whether decided or not, or itself at the end."""
    return desk(document, place).next or place


def _name(asked: Asked) -> str:
    return unquote(asked.cookies.get(NAME_COOKIE, ""), errors="replace")


def _image(path: Path) -> Response:
    with open_source(path) as file:
        return Response(file.read(), media_type="image/png", headers={"Cache-Control": KEPT_IMAGE})
