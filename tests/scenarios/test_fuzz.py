"""Damaged and hostile files: each is read or refused by the processes that read them, and the daemon outlives all."""

import shutil
from collections import Counter

import pytest

import fuzz
import fuzz_seeds
from fuzz_seeds import KINDS, SCANS, seeds
from waiting import until

GOOD = {"read", "refused", "put off"}
PER_KIND = 200 // len(KINDS) + 1
QUICK = {
    "pdf": ("form in itself", "pattern in itself", "tree in itself", "count", "negative count", "deep tree",
            "deep array", "deep operands", "pixels", "paper", "index of itself", "length of itself", "mask in itself"),
    "tiff": ("loop on itself", "loop of two", "pixels", "pixels packed", "fields", "its own directory"),
    "png": ("pixels", "pixels 2^31", "no width", "text", "profile"),
    "jpeg": ("pixels", "no height"),
    "gif": ("pixels", "frame outside", "frames"),
    "webp": ("pixels", "length"),
    "bmp": ("pixels", "wide", "negative", "runs"),
    "yaml": ("laughs", "itself", "deep mappings", "python", "digits"),
    "gguf": ("tensors", "keys", "array", "strings", "arrays"),
    "jsonl": ("deep", "digits", "half a pair", "not a number"),
    "hocr": ("laughs", "file", "digits", "endless"),
    "glossary": ("long", "blanks and remarks"),
}  # fmt: skip
"""Of the bombs those that go off within a tenth of a second or so; scripts/stress/fuzz.py has the others."""


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """One worker for all files."""
    made = fuzz.Reader(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.close()


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_mutations_begin_with_is_sound(reader, kind):
    """Every seed is read, so that a small change of it gets far."""
    for number, data in enumerate(seeds(kind)):
        outcome = reader.read(kind, number, "seed", data)
        assert (outcome.end, outcome.said) == ("read", ""), number


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_are_read_or_refused(reader, kind):
    """Truncated, with bits flipped, pieces moved, numbers at their limits, two formats in one: no process ends."""
    first = len(fuzz_seeds.bombs(kind))
    for index in range(first, first + PER_KIND):
        how, data = fuzz.case(kind, index, seed=7)
        outcome = reader.read(kind, index, how, data)
        assert outcome.end in GOOD, (outcome.how, outcome.said)


@pytest.mark.parametrize("kind", QUICK)
def test_bombs_do_not_go_off(reader, kind):
    """Loops, recursion, claimed pixels, pages and lengths: refused before the limit of a page, in a worker's memory."""
    made = dict(fuzz_seeds.bombs(kind))
    for name in QUICK[kind]:
        outcome = reader.read(kind, 0, name, made[name])
        assert outcome.end in GOOD, (name, outcome.said)
        assert outcome.mib < 1024, name


def test_a_file_is_the_same_for_the_same_number(reader):
    """What is found can be made again."""
    assert fuzz.case("pdf", 4711, 1) == fuzz.case("pdf", 4711, 1)
    assert fuzz.case("pdf", 4711, 1) != fuzz.case("pdf", 4712, 1)


@pytest.mark.thorough
def test_a_page_that_takes_for_ever_ends_at_its_limit(tmp_path):
    """Forms that call each other ten times ten times ten … times: that worker is ended, the next goes on."""
    reader = fuzz.Reader(tmp_path, limit_s=6.0)  # a sound page may take as long on a busy machine
    try:
        assert reader.read("pdf", 0, "bomb", dict(fuzz_seeds.bombs("pdf"))["forms of forms"]).end == "hung"
        assert reader.read("pdf", 1, "seed", seeds("pdf")[0]).end == "read"
    finally:
        reader.close()


def test_an_unexpected_exception_is_a_finding(tmp_path, monkeypatch):
    """The fuzzer can fail: it tells an exception that ends the process from a refusal."""
    reader = fuzz.Reader(tmp_path)
    try:
        assert reader.read("yaml", 0, "seed", seeds("yaml")[0]).end == "read"
        monkeypatch.setattr(reader, "_request", lambda *_, **__: {"do": "paper", "kind": "yaml", "path": "no hex"})
        assert reader.read("yaml", 1, "seed", b"").end == "raised"
    finally:
        reader.close()


@pytest.mark.thorough
def test_a_run_goes_on_where_it_ended(tmp_path):
    """And its table counts what both halves found."""
    assert len(list(fuzz.run(["glossary"], 3, 1, tmp_path))) == 3
    assert [o.index for o in fuzz.run(["glossary"], 5, 1, tmp_path)] == [3, 4]
    assert Counter(o.kind for o in fuzz.outcomes(tmp_path)) == {"glossary": 5}
    assert fuzz.table(fuzz.outcomes(tmp_path)).splitlines()[1].split()[:2] == ["glossary", "5"]


def test_the_daemon_outlives_them_and_every_file_ends_somewhere(daemon, scans):
    """Two of each format, dropped at once into a real inbox: outputs or quarantine, and the next scan is read."""
    one = daemon(retries=0, page_limit_s=5, incomplete_s=0.3, max_megapixels=50, outputs=["txt", "pdf", "json"]).start()
    names = []
    for kind in SCANS:
        for index in (41, 42):
            names.append(f"{kind}-{index}.{kind}")
            (one.inbox / f"{names[-1]}.part").write_bytes(fuzz.case(kind, index, seed=3)[1] or b"x")
            (one.inbox / f"{names[-1]}.part").rename(one.inbox / names[-1])
    shutil.copy(scans / "line.png", one.inbox / "last.png")

    def ends(name):
        return (one.archive / name).exists() + (one.quarantine / name).exists()

    def told(name):
        """Whether there is a report or a record; a report comes a moment after its file."""
        report = one.quarantine / f"{name}.error.txt"
        return report.exists() + (one.outbox / f"{name.rpartition('.')[0]}.json").exists()

    until(lambda: all(ends(name) and told(name) for name in [*names, "last.png"]), "every file to end")
    assert [name for name in names if (ends(name), told(name)) != (1, 1)] == []
    assert (one.outbox / "last.txt").exists()
    assert one.stop() == 0
