"""The model's own process, asked as the slot asks it."""

import importlib.util
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from scanmend.config.schema import BUNDLED
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, page_from_text, without_glyphs
from scanmend.errors import ChildDied
from scanmend.llm.inference.engine import ALL_LAYERS, Reply, gpu_available
from scanmend.llm.inference.host import REPLY_RATIO, Model, ModelHost, _layers
from scanmend.process.child import Child

MODEL = Path(importlib.util.find_spec(BUNDLED.package).submodule_search_locations[0], BUNDLED.file)
PAGE = page_from_text("The qnick brown fox jumps over the lazy dog.\n\nIt was the best of times.")
TASK = CorrectionSettings("rescore", "Correct OCR errors", ("eng",))
LOAD = {"do": "load", "context": 1024, "threads": 1, "gpu_layers": 0, "cpu_will_do": False, "safe": True}


def load(path=MODEL, **changes):
    return {**LOAD, "path": os.fsencode(path).hex(), **changes}


def correct(page=PAGE, task=TASK, call_limit_s=60.0):
    page = TypeAdapter(Page).dump_python(page, mode="json")
    return {"do": "correct", "page": page, "task": asdict(task), "call_limit_s": call_limit_s}


def corrected(reply):
    return TypeAdapter(CorrectedPage).validate_python(reply["result"])


class Beats:
    """Counts signs of life."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1


@pytest.fixture(scope="module")
def child():
    """The real process, with the bundled model."""
    started = Child("scanmend.llm.inference.host", {"GOMP_SPINCOUNT": "1000"})
    assert started.ask(load(), 60.0)["context"] == 1024
    yield started
    started.end()


class TestProcess:
    def test_it_mends_a_page(self, child):
        """A page goes in as JSON and comes back with its edits."""
        page = corrected(child.ask(correct(), 60.0))
        assert page.corrected.startswith("The quick brown fox")
        assert [(e.raw, e.new, e.accepted) for e in page.edits if e.accepted] == [("qnick", "quick", True)]
        assert page.page == PAGE

    def test_it_is_asked_again_and_again(self, child):
        """Other languages and strategies need no other process."""
        french = CorrectionSettings("rescore", "Corrige", ("fra",))
        assert corrected(child.ask(correct(page_from_text("La maison de mon père est grande."), french), 60.0))
        assert corrected(child.ask(correct(task=replace(TASK, strategy="off")), 60.0)).skipped == "strategy: off"

    def test_it_chooses_what_a_grammar_admits(self, child):
        """And nothing else, whatever is asked; what is no grammar is an answer and not a crash."""
        asked = {"do": "choose", "prompt": "Answer.", "question": "Say hello.", "grammar": "root ::= [0-3]"}
        assert child.ask(asked, 60.0)["result"] in set("0123")
        assert child.ask(asked | {"grammar": 'root ::= "7"'}, 60.0)["result"] == "7"
        assert "no grammar" in child.ask(asked | {"grammar": "root ::= ["}, 60.0)["error"]

    def test_what_it_cannot_understand_ends_it(self):
        """A request that no slot makes is a programming error, which the log then shows."""
        broken = Child("scanmend.llm.inference.host")
        try:
            with pytest.raises(ChildDied, match=r"exit code 1(.|\n)*KeyError"):
                broken.ask({"do": "correct"}, 60.0)
        finally:
            broken.end()


class Noting(ModelHost):
    """Corrects nothing, but notes the task as it arrived."""

    def _make_corrector(self, languages, call_limit_s):
        return self

    def correct(self, page, task, progress):
        self.task = task
        return CorrectedPage(page, page.raw)


class TestRequests:
    def test_the_task_arrives_as_it_was_sent(self):
        """Every field, in its type, glossary included; as JSON has no tuples."""
        host, task = (
            Noting(),
            CorrectionSettings(
                "both", "Mend", ("eng", "deu"), "all", -1.5, ("Müller & Söhne", "X200-B"), 7.5, "keep", "keep"
            ),
        )
        host.handle(json.loads(json.dumps(correct(task=task))), Beats())
        assert host.task == task

    def test_correct_before_load(self):
        """There is nothing to correct with, which is an answer and not a crash."""
        assert "before a model was loaded" in ModelHost().handle(correct(), Beats())["error"]

    def test_a_file_that_is_no_model(self, tmp_path):
        """llama.cpp's refusal travels as an answer."""
        path = tmp_path / "no.gguf"
        path.write_bytes(b"no model")
        assert "no.gguf" in ModelHost().handle(load(path), Beats())["error"]

    @pytest.mark.parametrize("layers", [0, 5, "auto"])
    def test_a_failed_load_tells_whether_there_is_a_gpu(self, tmp_path, layers):
        """So that the slot need not try fewer layers on none."""
        path = tmp_path / "no.gguf"
        path.write_bytes(b"no model")
        reply = ModelHost().handle(load(path, gpu_layers=layers), Beats())
        assert reply["error"]
        assert reply["no_gpu"] == (not gpu_available())

    def test_a_name_that_is_no_utf8(self, tmp_path):
        """File names travel as bytes, the answer as text."""
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/m\xfcller.gguf"))
        path.write_bytes(b"no model")
        assert json.dumps(ModelHost().handle(load(path), Beats()))

    def test_layers(self):
        """Where the CPU will do, a machine without a GPU is asked for none; else all, or the number."""
        asked = ("auto", "all", 7, 0)
        assert [_layers(n, cpu_will_do=False) for n in asked] == [ALL_LAYERS, ALL_LAYERS, 7, 0]
        usable = [ALL_LAYERS, ALL_LAYERS, 7, 0] if gpu_available() else [0, 0, 0, 0]
        assert [_layers(n, cpu_will_do=True) for n in asked] == usable

    def test_pages_come_back_without_glyphs(self):
        """Tesseract's alternatives have served when the page is corrected; everything else stays."""
        word = PAGE.lines[0].words[0]
        full = replace(word, confidence=90.0, box=(1, 2, 3, 4), glyphs=((("T", 99.0), ("I", 0.5)),))
        line = replace(PAGE.lines[0], words=(full, *PAGE.lines[0].words[1:]))
        page = CorrectedPage(replace(PAGE, lines=(line, *PAGE.lines[1:])), "text")
        slimmed = without_glyphs(page)
        assert slimmed.page.lines[0].words[0] == replace(full, glyphs=())
        assert slimmed == replace(page, page=slimmed.page)


class FakeEngine:
    """Takes each word for one token, and keeps what it was told."""

    context = 400

    def __init__(self, *, complete=True):
        self.complete_reply, self.told = complete, {}

    def tokenize(self, text):
        return text.split()

    def score(self, context, continuations):
        return [float(len(context + c)) for c in continuations]

    def complete(self, system, user, **settings):
        self.told = {"system": system, "user": user, **settings}
        return Reply("mended", complete=self.complete_reply, tokens=1, calls=1)


class TestModel:
    def test_a_rewrite_has_a_budget_and_a_limit(self, monkeypatch):
        """A quarter more tokens than the text, the limit from now, and the text as its own draft."""
        engine = FakeEngine()
        monkeypatch.setattr("scanmend.llm.inference.host.time.monotonic", lambda: 1000.0)
        assert Model(engine, 60.0).rewrite("Mend.", "word " * 100) == "mended"
        assert engine.told == {
            "system": "Mend.",
            "user": "word " * 100,
            "source": "word " * 100,
            "max_tokens": int(100 * REPLY_RATIO) + 16,
            "deadline": 1060.0,
        }

    def test_a_reply_that_was_cut_off_is_no_reply(self):
        """Text that may lack its end is not compared with the page."""
        assert Model(FakeEngine(complete=False), 60.0).rewrite("Mend.", "text") == ""

    def test_what_fits(self):
        """Prompt, text, and a reply that is a quarter longer, with room for the template."""
        model = Model(FakeEngine(), 60.0)
        assert model.fits("Mend this.", "word " * 140)
        assert not model.fits("Mend this.", "word " * 145)
        assert not model.fits("Mend this. " * 10, "word " * 140)
