"""scanmend.jobs.pipeline with the real page pool's threads; pages come from stand-ins that obey the test."""

import os
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from daemon_process import until
from scanmend.config.glossary_file import GlossaryFiles
from scanmend.config.schema import Settings
from scanmend.document import (
    CorrectedPage,
    DocumentField,
    Edit,
    FieldValue,
    Fingerprint,
    Line,
    NumberCounts,
    Page,
    Word,
    without_glyphs,
)
from scanmend.errors import (
    DocumentError,
    HostDied,
    ModelError,
    ModelResting,
    OcrError,
    Postponed,
    Stopping,
    StorageError,
)
from scanmend.jobs.checkpoint import NoCheckpoint
from scanmend.jobs.pipeline import Pipeline, Tally, correction_settings_of
from scanmend.jobs.write_outputs import SourceFile, record_of
from scanmend.pageworkers.pool import WORKER_GRACE_S, PagePool
from two_readers_page import two_readers_page

TEXT = "the comrnittee meets"
OFF = Settings(strategy="off", languages=("deu",))
RESCORE = Settings(strategy="rescore", model="m")
SOURCE = SourceFile(Path("x"), "id", "f", Path("x.pdf"), Fingerprint(inode=1, size=7, mtime_ns=1))
RAW = RESCORE.model_copy(update={"on_model_failure": "raw"})


class Reader:
    """A page worker that reads TEXT from every page; page ``bad`` fails, pages in ``held`` wait for ``gate``."""

    def __init__(self, pages=3, bad=0, error="document", held=(), digest="d1"):
        self.pages, self.bad, self.error, self.held, self.digest = pages, bad, error, held, digest
        self.gate = threading.Event()
        self.asked = Counter()
        self.pid, self.alive = 1, True

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        if request["do"] == "inspect":
            return {"result": {"kind": "tiff", "pages": self.pages, "sha256": self.digest}}
        number = request["number"]
        self.asked[number] += 1
        self.last = (request["settings"]["languages"], limit_s)
        if number in self.held:
            self.gate.wait(60)
        if number == self.bad:
            return {"error": self.error, "message": f"page {number} is torn"}
        words = [{"text": t, "box": (1, 2, 3, 4), "confidence": 90.0, "glyphs": []} for t in TEXT.split()]
        lines = [{"words": words, "paragraph": 0}] if number != self.pages or self.pages == 1 else []
        return {"result": {"number": number, "lines": lines, "seconds": 0.25}}

    def end(self, grace_s=10.0):
        self.alive = False

    def kill(self):
        self.gate.set()


class HalfBlind(Reader):
    """A page worker that could not read a picture of page 1, and text on as many pages at the end as ``read`` says."""

    def __init__(self, pages, read):
        super().__init__(pages)
        self.read = read

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        if request["do"] == "inspect":
            return super().ask(request, limit_s)
        number = request["number"]
        words = [{"text": "words", "box": (1, 2, 3, 4), "confidence": 90.0, "glyphs": []}]
        lines = [{"words": words, "paragraph": 0}] if number > self.pages - self.read else []
        unread = [{"code": "picture_not_read", "text": "picture 1 could not be read", "page": 1}] if number == 1 else []
        return {"result": {"number": number, "lines": lines, "warnings": unread}}


class Polyglot(Reader):
    """A page worker that finds out the language of its pages: ``words`` on each; German is told by enough of them."""

    def __init__(self, *words):
        super().__init__(len(words))
        self.words = words
        self.asked_in = {}

    def ask(self, request, limit_s, progress=None, *, in_all=False):
        if request["do"] == "inspect":
            return super().ask(request, limit_s)
        number, asked = request["number"], list(request["settings"]["languages"])
        self.asked_in[number] = asked
        count = self.words[number - 1]
        found = asked if asked != ["auto"] else ["deu"] if count >= 12 else ["eng"] if count else []
        words = [{"text": "Wasser", "confidence": 90.0, "glyphs": []}] * count
        lines = [{"words": words, "paragraph": 0}] if words else []
        return {"result": {"number": number, "lines": lines, "languages": found}}


class Slot:
    """A model that mends ``comrnittee``, and counts its leases."""

    elsewhere = False

    def __init__(self, error=None):
        self.leases = 0
        self.held = 0
        self.error = error
        self.on_its_way = False
        self.rests = ""

    def is_elsewhere(self, name):
        return self.elsewhere

    def resting(self, name):
        assert name == "m"
        return self.rests

    def pending(self, name):
        assert name == "m"
        return self.on_its_way

    @contextmanager
    def lease(self, name):
        assert name == "m"
        self.leases += 1
        self.held += 1
        try:
            yield self
        finally:
            self.held -= 1

    def correct(self, page, task, call_limit_s):
        self.glossary = task.glossary
        self.languages = [*getattr(self, "languages", ()), task.languages]
        assert (task.strategy, call_limit_s, self.held) == ("rescore", 120.0, self.held)
        assert self.held
        if self.error:
            raise self.error
        edit = Edit(0, 1, "comrnittee", "committee", "rescore", accepted=True, reason="likelier")
        return CorrectedPage(page, "the committee meets", (edit,), seconds=0.5)

    def choose(self, prompt, question, grammar, call_limit_s):
        assert self.held
        if self.error:
            raise self.error
        self.grammar = grammar
        return "2"

    def identity(self, name):
        return {"name": name, "file": "m.gguf"}


class Notebook:
    """A keeper in memory."""

    def __init__(self, **known):
        self.known = {int(k[1:]): v for k, v in known.items()}
        self.calls = []

    def recall(self, number):
        return self.known.get(number)

    def keep_page(self, page):
        self.known[page.number] = page
        self.calls.append(f"read {page.number}")

    def keep_corrected(self, page):
        self.known[page.page.number] = page
        self.calls.append(f"corrected {page.page.number}")

    def inspected(self, found):
        self.calls.append(f"{found.pages} pages")

    def advance(self, number, stage):
        self.calls.append(f"{stage} {number}")


@pytest.fixture
def build(tmp_path):
    """Make pipelines over a reader and a slot."""
    pools = []

    def make(reader, slot=None, stopping=lambda: False, workers=1, *, postpone=False):
        pools.append(PagePool(workers, tmp_path / "work", lambda: reader))
        return Pipeline(pools[-1], slot or Slot(), stopping, postpone=postpone)

    yield make
    for pool in pools:
        pool.close()


def page(number, text="known words here"):
    return Page(number, (Line(tuple(Word(t) for t in text.split())),))


class TestConvert:
    def test_every_page_in_order(self, build):
        """Pages are read, corrected and kept one after the other; an empty one does not go to the model."""
        slot, notes = Slot(), Notebook()
        done = build(Reader(3), slot).convert(Path("x"), RESCORE, notes, [])
        assert [p.page.number for p in done.pages] == [1, 2, 3]
        assert [p.corrected for p in done.pages] == ["the committee meets", "the committee meets", ""]
        assert [p.skipped for p in done.pages] == ["", "", "almost no text"]
        assert (slot.leases, slot.held) == (1, 0)
        assert done.model == {"name": "m", "file": "m.gguf"}
        assert (done.tally.ocr_s, done.tally.correct_s) == (0.75, 1.0)
        kept = [c for c in notes.calls if c.startswith(("3 pages", "corrected"))]
        assert kept == ["3 pages", "corrected 1", "corrected 2", "corrected 3"]

    def test_the_glossary_goes_along(self, build, tmp_path):
        """As its file is when the document begins; without one that was ever good, the document waits."""
        file, slot = tmp_path / "glossary.txt", Slot()
        file.write_text("one\n")
        settings = RESCORE.model_copy(update={"glossary": file})
        pipeline = build(Reader(1), slot)
        for words in (("one",), ("one", "two")):
            file.write_text("\n".join(words))
            pipeline.convert(Path("x"), settings, Notebook(), [])
            assert slot.glossary == words
        file.unlink()
        with pytest.raises(StorageError, match="there is no file"):
            build(Reader(1), slot).convert(Path("x"), settings, Notebook(), [])

    def test_without_a_model(self, build):
        """``strategy: off`` asks for none, and the result names none."""
        slot, reader = Slot(), Reader(1)
        done = build(reader, slot).convert(Path("x"), OFF, Notebook(), [])
        assert reader.last == (("deu",), OFF.page_limit_s + WORKER_GRACE_S)
        assert (done.pages[0].corrected, done.pages[0].skipped) == (TEXT, "strategy: off")
        assert (slot.leases, done.model) == (0, None)

    def test_without_llama_cpp(self, build):
        """Pages come out as the readers have them, no model is asked, and the record says why."""
        slot = Slot(HostDied("must not be asked"))
        pipeline = build(Reader(1), slot)
        without = Pipeline(pipeline.pool, slot, engine_missing=lambda: "llama-cpp-python is not installed")
        done = without.convert(Path("x.pdf"), RESCORE, NoCheckpoint(), [])
        assert [(p.corrected, p.skipped) for p in done.pages] == [(TEXT, "llama-cpp-python is not installed")]
        assert done.uncorrected == "llama-cpp-python is not installed"

    def test_a_model_on_a_server_needs_no_llama_cpp(self, build):
        """It is asked all the same."""
        slot = Slot()
        slot.elsewhere = True
        without = Pipeline(
            build(Reader(1), slot).pool, slot, engine_missing=lambda: "llama-cpp-python is not installed"
        )
        assert without.convert(Path("x.pdf"), RESCORE, NoCheckpoint(), []).uncorrected == ""

    def test_numbers_are_counted_over_all_pages(self, build):
        """Those of pages that are known from before, too; words that only the second reader found are text."""
        pages = [replace(without_glyphs(two_readers_page(n)), skipped="x") for n in (1, 2)]
        done = build(Reader(2)).convert(Path("x"), RESCORE, Notebook(p1=pages[0], p2=pages[1]), [])
        assert done.tally.numbers == NumberCounts(2, 2, 2)
        found, tally = replace(pages[0].page, lines=(Line(()),)), Tally()
        tally.add(replace(pages[0], page=found, corrected="found"), [])
        assert tally.has_text

    def test_what_a_folder_says_of_numbers_and_noise_goes_along(self, build):
        """To whoever corrects."""
        given = RESCORE.model_copy(update={"numbers": "keep", "noise": "keep"})
        asked = [correction_settings_of(settings, GlossaryFiles()) for settings in (RESCORE, given)]
        assert [(task.numbers, task.noise) for task in asked] == [("verify", "drop"), ("keep", "keep")]

    def test_what_is_known_is_not_done_again(self, build):
        """A page that was read goes straight to the model; one that was corrected is taken as it is."""
        reader = Reader(4)
        notes = Notebook(p1=CorrectedPage(page(1), "earlier"), p2=page(2, "this was read before"))
        done = build(reader).convert(Path("x"), RESCORE, notes, [])
        assert sorted(reader.asked) == [3, 4]
        assert [p.corrected for p in done.pages] == ["earlier", "the committee meets", "the committee meets", ""]

    def test_pages_that_nobody_looked_at_for_marks_are_read_again(self, build):
        """The folder splits by barcodes since: else the document would come out in one piece."""
        reader = Reader(3)
        notes = Notebook(p1=CorrectedPage(replace(page(1), marks=()), "earlier"), p2=CorrectedPage(page(2), "earlier"))
        splits = Settings(strategy="off", split={"by": "barcode", "pattern": "x"})
        done = build(reader).convert(Path("x"), splits, notes, [])
        assert sorted(reader.asked) == [2, 3]
        assert [p.corrected for p in done.pages] == ["earlier", TEXT, ""]

    def test_no_more_is_read_ahead_than_there_are_workers(self, build):
        """However long the document, only a few pages are on their way."""
        reader = Reader(50, held={1})
        notes = Notebook()
        thread = threading.Thread(target=lambda: build(reader, workers=2).convert(Path("x"), OFF, notes, []))
        thread.start()
        until(lambda: "reading 3" in notes.calls, "the third page")
        assert not [c for c in notes.calls if c in {"reading 4", "reading 5"}]
        reader.gate.set()
        thread.join(20)
        assert notes.calls[-1] == "corrected 50"

    def test_a_bad_page_ends_the_document(self, build):
        """Its reason goes to the person; pages before it are kept, and none behind it is begun."""
        reader, notes = Reader(30, bad=3), Notebook()
        with pytest.raises(DocumentError, match="page 3 is torn"):
            build(reader).convert(Path("x"), OFF, notes, [])
        assert [c for c in notes.calls if c.startswith("corrected")] == ["corrected 1", "corrected 2"]
        assert max(reader.asked) <= 5

    def test_where_pictures_could_not_be_read_something_must_have_been(self, build):
        """A document without a word is not done while pictures of it were not read; else it is, with warnings."""
        done = build(HalfBlind(3, read=2)).convert(Path("x"), OFF, Notebook(), [])
        assert [(warning.code, warning.page) for warning in done.warnings] == [("picture_not_read", 1)]
        for pages in (1, 3):
            with pytest.raises(DocumentError, match="nothing of the document could be read; page 1: picture 1"):
                build(HalfBlind(pages, read=0)).convert(Path("x"), OFF, Notebook(), [])

    def test_a_transient_failure(self, build):
        """Tesseract's and the model's failures pass through, and the lease is given back."""
        with pytest.raises(OcrError, match="page 2 is torn"):
            build(Reader(3, bad=2, error="ocr")).convert(Path("x"), OFF, Notebook(), [])
        slot = Slot(ModelError("out of memory"))
        with pytest.raises(ModelError, match="out of memory"):
            build(Reader(3), slot).convert(Path("x"), RESCORE, Notebook(), [])
        assert slot.held == 0

    def test_a_stop_keeps_what_was_read_ahead(self, build):
        """Pages that are ready when the daemon is to stop are kept, though nobody asked for them yet."""
        stop = threading.Event()

        class StopsAfterOne(Notebook):
            def keep_corrected(self, page):
                super().keep_corrected(page)
                until(lambda: reader.asked[3] and not pipeline.pool.busy_workers, "the pages ahead")
                stop.set()

        reader, notes = Reader(9), StopsAfterOne()
        pipeline = build(reader, stopping=stop.is_set, workers=2)
        with pytest.raises(Stopping):
            pipeline.convert(Path("x"), OFF, notes, [])
        assert [c for c in notes.calls if c.startswith("corrected")] == ["corrected 1"]
        assert sorted(notes.known) == sorted(reader.asked) == [1, 2, 3]

    def test_a_model_on_its_way_puts_the_document_off_once_it_is_read(self, build):
        """All its pages are kept first; when the model is here they are corrected without being read again."""
        reader, slot, notes = Reader(9), Slot(), Notebook()
        pipeline = build(reader, slot, postpone=True)
        slot.on_its_way = True
        with pytest.raises(Postponed, match="waits for model 'm', which is being downloaded"):
            pipeline.convert(Path("x"), RESCORE, notes, [])
        assert sorted(notes.known) == list(range(1, 10))
        assert slot.leases == 0
        slot.on_its_way = False
        assert len(pipeline.convert(Path("x"), RESCORE, notes, []).pages) == 9
        assert set(reader.asked.values()) == {1}

    def test_a_model_that_rests_puts_the_document_off_once_it_is_read(self, build):
        """OCR goes on while the model is left alone; nobody queues for it."""
        reader, slot, notes = Reader(9), Slot(), Notebook()
        slot.rests = "model 'm' failed 2 times in a row"
        with pytest.raises(Postponed, match="failed 2 times in a row"):
            build(reader, slot, postpone=True).convert(Path("x"), RESCORE, notes, [])
        assert sorted(notes.known) == list(range(1, 10))
        assert slot.leases == 0

    def test_a_model_that_comes_to_rest_in_the_middle(self, build):
        """The same, for documents that hold it already."""
        reader, notes = Reader(9), Notebook()
        with pytest.raises(Postponed, match="it rests"):
            build(reader, Slot(error=ModelResting("it rests")), postpone=True).convert(Path("x"), RESCORE, notes, [])
        assert sorted(notes.known) == list(range(1, 10))

    def test_one_shot_work_does_not_wait_for_a_model_that_rests(self, build):
        """There is no later: the error is told."""
        with pytest.raises(ModelResting, match="it rests"):
            build(Reader(2), Slot(error=ModelResting("it rests"))).convert(Path("x"), RESCORE, Notebook(), [])

    @pytest.mark.parametrize("error", [HostDied("died of SIGSEGV", signal=11), ModelResting("it rests")])
    def test_raw_where_the_folder_says_so(self, build, error):
        """Pages come out as read and are marked; none is kept as corrected, so that a retry asks the model again."""
        notes = Notebook()
        done = build(Reader(2), Slot(error=error), postpone=True).convert(Path("x"), RAW, notes, [])
        assert done.pages[0].corrected == TEXT
        assert done.pages[0].skipped == f"the model failed: {error}"
        assert (done.uncorrected, done.model) == (str(error), None)
        assert [c for c in notes.calls if c.startswith("corrected")] == ["corrected 2"]  # which has almost no text

    def test_raw_while_the_model_rests(self, build):
        """Nobody queues for it."""
        slot = Slot()
        slot.rests = "it rests"
        done = build(Reader(3), slot, postpone=True).convert(Path("x"), RAW, Notebook(), [])
        assert (done.uncorrected, slot.leases) == ("it rests", 0)
        made = record_of(SOURCE, done, RAW)
        assert made.uncorrected == "it rests"

    def test_raw_only_when_the_model_fails(self, build):
        """Other reasons are waited out as ever; a document whose pages are all corrected is not marked."""
        with pytest.raises(ModelError, match="nowhere"):
            build(Reader(2), Slot(error=ModelError("nowhere"))).convert(Path("x"), RAW, Notebook(), [])
        done = build(Reader(2), Slot()).convert(Path("x"), RAW, Notebook(), [])
        assert done.uncorrected == ""
        assert record_of(SOURCE, done, RAW).uncorrected is None

    def test_a_document_that_needs_no_model_is_not_put_off(self, build):
        """Without correction it is finished, whatever is being downloaded."""
        slot = Slot()
        slot.on_its_way = True
        assert len(build(Reader(2), slot, postpone=True).convert(Path("x"), OFF, Notebook(), []).pages) == 2

    def test_the_document_s_own_time_limit(self, build):
        """A document that takes longer than document_limit_s ends as a transient failure that names the setting."""
        with pytest.raises(OcrError, match=r"document_limit_s: 1e-06 s"):
            build(Reader(2)).convert(Path("x"), OFF.model_copy(update={"document_limit_s": 1e-6}), Notebook(), [])

    def test_a_document_that_gets_on_is_not_failing(self, build):
        """At the end of its time it is put off with the pages it has, and goes on with the others later."""
        began = time.monotonic()

        class Slow(Notebook):
            def keep_corrected(self, page):
                super().keep_corrected(page)
                until(lambda: time.monotonic() > began + 0.2, "the time to pass")

        reader, notes = Reader(9), Slow()
        settings = OFF.model_copy(update={"document_limit_s": 0.2})
        pipeline = build(reader, postpone=True)
        with pytest.raises(Postponed, match=r"goes on later: \d pages were done within 0\.2 s"):
            pipeline.convert(Path("x"), settings, notes, [])
        assert notes.known
        done = pipeline.convert(Path("x"), OFF, notes, [])
        assert len(done.pages) == 9
        assert set(reader.asked.values()) == {1}

    def test_many_at_once(self, build):
        """Documents in several threads share the pool and get each their own pages."""
        pipeline = build(Reader(5), workers=2)
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(pipeline.convert(Path("x"), RESCORE, NoCheckpoint(), [])))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert [[p.page.number for p in r.pages] for r in results] == [[1, 2, 3, 4, 5]] * 4


class TestAutoLanguages:
    AUTO = RESCORE.model_copy(update={"languages": ("auto",)})

    def test_the_first_page_that_tells_is_for_all_behind_it(self, build):
        """Blank pages and those with a few words only are passed over; the record has what was found."""
        reader, slot = Polyglot(0, 3, 30, 30, 3, 30), Slot()
        done = build(reader, slot, workers=2).convert(Path("x"), self.AUTO, Notebook(), [])
        assert [reader.asked_in[n][0] for n in range(1, 7)] == ["auto", "auto", "auto", "deu", "deu", "deu"]
        assert slot.languages == [("eng",), ("deu",), ("deu",), ("deu",), ("deu",)]
        made = record_of(SOURCE, done, self.AUTO)
        assert made.languages == ("eng", "deu")

    def test_a_retry_goes_by_the_pages_that_are_kept(self, build):
        """Read or corrected: what they told is not asked again."""
        words = tuple(Word("Wasser", confidence=90.0) for _ in range(30))
        kept = replace(page(1), lines=(Line(words),), languages=("fra",))
        for known in (kept, CorrectedPage(kept, kept.raw)):
            reader = Polyglot(30, 30)
            build(reader).convert(Path("x"), self.AUTO, Notebook(p1=known), [])
            assert reader.asked_in == {2: ["fra"]}

    def test_pages_that_never_tell(self, build):
        """After twenty, the rest is read side by side, in what is fallen back to."""
        reader = Polyglot(*[3] * 22)
        build(reader).convert(Path("x"), self.AUTO, Notebook(), [])
        assert [n for n, asked in reader.asked_in.items() if asked == ["eng"]] == [21, 22]


class TestChooseFields:
    """Of doubtful fields, the model chooses among the candidates, where the folder wants that."""

    SURE = DocumentField("date", "date", chosen=FieldValue("1 May 2024", "2024-05-01", 1))
    DOUBTFUL = DocumentField(
        "total", "amount", chosen=FieldValue("7.00", "7.00", 1), others=(FieldValue("9.00", "9.00", 1),), doubt="why"
    )
    BY_MODEL = RESCORE.model_copy(update={"fields_by": "model"})

    def chosen(self, build, slot, settings):
        return build(Reader(1), slot).choose_fields(
            (self.SURE, self.DOUBTFUL), [CorrectedPage(page(1), "text")], settings
        )

    def test_the_doubtful_one(self, build):
        """The sure one is not asked about; the answer is the number of a candidate."""
        slot = Slot()
        sure, chosen = self.chosen(build, slot, self.BY_MODEL)
        assert sure == self.SURE
        assert (chosen.value, chosen.chosen_by, chosen.doubt) == ("9.00", "model", "why")
        assert (slot.grammar, slot.leases, slot.held) == ("root ::= [0-2]", 1, 0)

    @pytest.mark.parametrize("how", ["ranker", "failed", "resting", "on its way"])
    def test_what_the_ranker_found_stays(self, build, how):
        """Where the folder does not ask the model, or there is none just now."""
        slot = Slot(ModelError("out of memory") if how == "failed" else None)
        slot.rests, slot.on_its_way = "tired" * (how == "resting"), how == "on its way"
        settings = RESCORE if how == "ranker" else self.BY_MODEL
        assert self.chosen(build, slot, settings) == (self.SURE, self.DOUBTFUL)
        assert slot.leases == (how == "failed")


class TestForgetful:
    def test_counts(self, build):
        """One-shot work hears how many pages are done, from none to all."""
        heard = []
        build(Reader(3)).convert(Path("x"), OFF, NoCheckpoint(lambda done, of: heard.append((done, of))), [])
        assert heard == [(0, 3), (1, 3), (2, 3), (3, 3)]


class TestRecordOf:
    @pytest.fixture
    def made(self, build):
        done = build(Reader(3)).convert(Path("x"), RESCORE, Notebook(), [])
        source = replace(SOURCE, relative=Path("sub/x.pdf"), attempt=2)
        return record_of(source, done, RESCORE, duplicate_of="other")

    def test_the_record_s_facts(self, made):
        """Source, digest, size, prompt and attempt are those of this document and folder."""
        assert (made.source, made.relative, made.sha256, made.size) == ("x.pdf", Path("sub/x.pdf"), "d1", 7)
        assert (made.attempt, made.duplicate_of, made.folder, made.strategy) == (2, "other", "f", "rescore")
        other = replace(made, prompt_sha256="")
        assert len(made.prompt_sha256) == 64
        assert made.prompt_sha256 != other.prompt_sha256
        assert made.started <= made.finished
        assert made.timings["total_s"] >= 0
        assert os.fspath(made.relative) == "sub/x.pdf"
