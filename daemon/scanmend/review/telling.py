"""A folder's own command hears of outputs that have what a person decided: at least once, whatever ends the daemon."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from scanmend.config.schema import Folder
from scanmend.jobs import hooks
from scanmend.jobs.hooks import ReviewedDocument
from scanmend.outputs import record
from scanmend.review.bundle import Bundle
from scanmend.review.doubt.decisions import holding
from scanmend.review.doubt.places import Place


class Telling:
    """Runs ``on_review`` of the folders as they are configured now."""

    def __init__(
        self, folder_of: Callable[[Path], Folder | None] = lambda _: None, stopping: Callable[[], bool] = lambda: False
    ) -> None:
        """``folder_of(inbox)``: the folder that the configuration has by now; ``stopping`` cuts commands short."""
        self._folder_of, self._stopping = folder_of, stopping

    def tell(self, bundle: Bundle, places: Sequence[Place], source: Callable[[], Path | None]) -> None:
        """Run the command, unless it has heard of these outputs; ``source`` finds the scan. StorageError."""
        if bundle.written.told >= bundle.written.steps:
            return
        folder = self._folder_of(Path(bundle.facts.inbox))
        if folder is not None and folder.on_review:
            about = _about(bundle, places, source())
            if not hooks.after_review(folder, about, self._stopping):
                return  # the daemon stops; the next one begins with this
        written = bundle.written
        bundle.save_written(replace(written, told=written.steps))


def _about(bundle: Bundle, places: Sequence[Place], original: Path | None) -> ReviewedDocument:
    facts, written = bundle.facts, bundle.written
    decided = {one.decision.place for one in holding(bundle.journal.read()[: written.steps])}
    return ReviewedDocument(
        facts.id,
        Path(facts.relative),
        Path(facts.outbox),
        tuple(bundle.target(suffix) for suffix in facts.files),
        original,
        record.head(bundle.target(".json")).get("fields") or [],
        sum(place.id not in decided for place in places),
        tuple(written.left),
    )
