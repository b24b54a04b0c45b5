"""The view of what happens now: small plots, the models, and each folder with its files. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from scanmend.control.values import FolderNow, ModelNow, Now, PageCount, Sample, Work
from scanmend.web.plots import Plot, bars, curve
from scanmend.web.templates import count

HOUR_S = 3600.0
"""How far back the curves go, in seconds."""
MIB_PER_GIB = 1024.0
SHOWN = 50
"""Files of one folder that are named; what is more is counted."""
_STAGES = {
    "starting": "being opened",
    "reading": "being read",
    "correcting": "being corrected",
    "writing": "being written",
}
"""What people call the stages of a document."""
_REMEDY = re.compile(r"^(?P<what>.*?); (?P<remedy>[^;]+)$", re.DOTALL)
"""A trouble, and behind the last semicolon what a person can do about it."""


@dataclass(frozen=True, slots=True)
class PlotCard:
    """One plot with its title."""

    id: str
    title: str
    value: str
    """The latest value, with its unit."""
    plot: Plot
    top: str
    """What the upper edge stands for."""
    spoken: str
    """What the plot shows, for whoever does not see it."""
    is_bars: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """One file of a folder, and what happens to it."""

    name: str
    chip: str
    """What happens to it, in a few words."""
    tone: str
    """Class of the chip: ``busy``, ``num``, ``no`` or empty."""
    why: str = ""
    due: str | None = None
    """When it is tried again, ISO 8601."""
    done: int | None = None
    """Pages that are behind it in its stage."""
    pages: int | None = None
    id: str | None = None
    """The document's; None before it is taken from the inbox."""


@dataclass(frozen=True, slots=True)
class FolderCard:
    """One folder as the page shows it."""

    folder: FolderNow
    files: tuple[File, ...]
    more: int
    """Files that are not named."""
    trouble: str
    remedy: str
    """What a person can do about the trouble; empty where the daemon goes on by itself."""

    @property
    def chip(self) -> tuple[str, str]:
        """Text and tone of what the folder does."""
        if self.folder.trouble:
            return "cannot be used", "no"
        if self.folder.paused_since:
            return "paused", "num"
        return ("at work", "busy") if self.folder.working else ("watching", "ok")


def plot_cards(now: Now) -> tuple[PlotCard, ...]:
    """Return the plots: memory, GPU memory where there is a GPU, and pages."""
    until = _seconds(now.at)
    cards = [_memory("ram", "Memory", now.samples, [s.ram_mib for s in now.samples], until)]
    if now.gpu_total_mib is not None:
        gpu = [sample.gpu_mib for sample in now.samples]
        cards.append(_memory("gpu", "GPU memory", now.samples, gpu, until, now.gpu_total_mib))
    cards.append(_pages(now.pages, now.pages_last_hour))
    return tuple(cards)


def _memory(
    id_: str, title: str, samples: Sequence[Sample], values: Sequence[float | None], until: float, total: float = 0.0
) -> PlotCard:
    points = list(zip((_seconds(s.at) for s in samples), values, strict=True))
    plot = curve(points, until - HOUR_S, until)
    latest = "no sample yet" if plot.latest is None else memory(plot.latest)
    of_total = f" of {memory(total)}" if total and plot.latest is not None else ""
    spoken = f"{title} over the last hour: {latest} now, between {memory(plot.least)} and {memory(plot.most)}."
    return PlotCard(id_, title, latest + of_total, plot, memory(plot.top), spoken)


def _pages(counts: Sequence[PageCount], last_hour: int) -> PlotCard:
    plot = bars([c.pages for c in counts])
    spoken = f"Pages finished in the last hour: {last_hour}, at most {plot.most:.0f} in five minutes."
    top = f"{plot.top:g} in five minutes"
    return PlotCard("pages", "Pages an hour", f"{last_hour:,}", plot, top, spoken, is_bars=True)


def memory(mib: float) -> str:
    """Return an amount of memory as people say it: ``312 MiB``, ``4.2 GiB``."""
    return f"{mib:.0f} MiB" if mib < MIB_PER_GIB else f"{mib / MIB_PER_GIB:.1f} GiB"


def folder_cards(now: Now) -> tuple[FolderCard, ...]:
    """Return every folder with its files: those in work first, then those that wait, then those that arrive."""
    cards = []
    for folder in now.folders:
        files = list(_files(folder))
        unnamed = max(0, folder.in_inbox - len(folder.arriving))
        what, remedy = _apart(folder.trouble or "")
        cards.append(FolderCard(folder, tuple(files[:SHOWN]), len(files[SHOWN:]) + unnamed, what, remedy))
    return tuple(cards)


def _files(folder: FolderNow) -> Iterator[File]:
    for work in folder.working:
        yield _in_work(work)
    for waiting in folder.waiting:
        tone = "no" if waiting.state == "failing" else "num"
        yield File(waiting.file, "waits", tone, waiting.why, waiting.due, id=waiting.id)
    lacking = {incomplete.file for incomplete in folder.incomplete}
    for incomplete in folder.incomplete:
        yield File(incomplete.file, "is not whole", "num", incomplete.missing)
    for one in folder.gathering:
        more = f" and {one.count - len(one.files)} more" if one.count > len(one.files) else ""
        why = f"{', '.join(one.files)}{more}; complete once no more of it come"
        yield File(one.name, "gathers files", "", why)
        lacking |= set(one.files)
    for name in folder.arriving:
        if name not in lacking:
            yield File(name, "stays" if folder.paused_since else "arrives", "")


def _in_work(work: Work) -> File:
    stage = _STAGES.get(work.stage, work.stage)
    chip = f"{stage}, page {work.page} of {work.pages}" if work.page and work.pages else stage
    return File(work.file, chip, "busy", done=work.page and work.page - 1, pages=work.pages, id=work.id)


def unload_at(model: ModelNow, now: Now) -> float | None:
    """Return when the model is unloaded, in seconds since 1970; None while it is in use, or never unloaded."""
    return None if model.unload_in_s is None else _seconds(now.at) + model.unload_in_s


def place(model: ModelNow) -> str:
    """Return where the model's layers are."""
    return (
        f"{model.ran_on}, {model.gpu_layers} of {model.layers} layers on the GPU" if model.gpu_layers else model.ran_on
    )


def holds(model: ModelNow) -> str:
    """Return how much memory a model holds."""
    parts = [f"{memory(model.ram_mib)} of RAM"] if model.ram_mib is not None else []
    parts += [f"{memory(model.gpu_mib)} of GPU memory"] if model.gpu_mib is not None else []
    return ", ".join(parts) or "nothing any more"


def troubles(now: Now) -> tuple[tuple[str, str], ...]:
    """Return each trouble that is no folder's, with its remedy."""
    return tuple(_apart(trouble) for trouble in now.troubles)


def summary(now: Now) -> str:
    """Return the state in one sentence, for screen readers: it changes only where that is worth a word."""
    working = sum(len(folder.working) for folder in now.folders)
    waiting = sum(len(folder.waiting) + folder.in_inbox for folder in now.folders)
    paused = sum(bool(folder.paused_since or folder.trouble) for folder in now.folders)
    parts = [f"{count(working, 'document')} in work", f"{waiting} waiting"]
    parts += [f"{count(paused, 'folder')} paused"] if paused else []
    parts += [f"model {now.model_state}"]
    return ", ".join(parts)


def _apart(trouble: str) -> tuple[str, str]:
    """Return what is the matter, and what can be done about it, where the message says so."""
    found = _REMEDY.match(trouble)
    return (found["what"], found["remedy"]) if found else (trouble, "")


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
