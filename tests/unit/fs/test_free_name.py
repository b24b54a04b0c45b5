"""scanmend.fs.free_name: whatever a scan is called, its outputs get a name that is free and can be written."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanmend.fs.atomic import publish
from scanmend.fs.free_name import free_stem


@pytest.fixture
def box(tmp_path) -> Path:
    (tmp_path / "box").mkdir()
    return tmp_path / "box"


def free(*_: Path) -> bool:
    return False


class TestFreeStem:
    def test_the_first_free_number(self, box):
        """A stem is free when no file of any suffix has it and nobody spoke for it."""
        suffixes = (".txt", ".json")
        assert free_stem(box, Path("scan"), suffixes, free) == Path("scan")
        (box / "scan.json").touch()
        assert free_stem(box, Path("scan"), suffixes, free) == Path("scan (2)")
        (box / "scan (2).txt").symlink_to("dangling")
        assert free_stem(box, Path("scan"), suffixes, free) == Path("scan (3)")
        assert free_stem(box, Path("scan"), suffixes, lambda stem: stem == Path("scan (3)")) == Path("scan (4)")

    def test_dots_belong_to_the_stem(self, box):
        """What looks like a suffix in the stem is kept."""
        (box / "scan.2024.txt").touch()
        assert free_stem(box, Path("sub/scan.2024"), (".txt",), free) == Path("sub/scan.2024")
        assert free_stem(box, Path("scan.2024"), (".txt",), free) == Path("scan.2024 (2)")

    @pytest.mark.parametrize(
        ("stem", "clean"),
        [("..", "_"), ("../../etc/passwd", "_/_/etc/passwd"), ("/etc/passwd", "etc/passwd"), ("", "_"), ("-rf", "-rf"),
         ("a\nb\x1b[31m\x7f\x85", "a_b_[31m__"), ("caf\udce9", "caf\udce9")],
    )  # fmt: skip
    def test_never_outside(self, box, stem, clean):
        """Names that lead elsewhere or would upset a terminal become harmless; others stay as they are."""
        assert free_stem(box, Path(stem), (".txt",), free) == Path(clean)

    @pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "日" * 85, "\udce9" * 255])
    def test_the_longest_names(self, box, name):
        """A long name is shortened between characters until it fits with its number and the longest suffix."""
        for _ in range(11):
            stem = free_stem(box, Path(name), (".txt", ".error.txt"), free)
            publish(box / (stem.name + ".txt"), b"")
            publish(box / (stem.name + ".error.txt"), b"")
            assert name.startswith(stem.name.partition(" (")[0])

    @settings(max_examples=32, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(parts=st.lists(st.text(st.characters(exclude_characters="/\0", codec="utf-8"), max_size=90), max_size=3))
    def test_any_name_can_be_written(self, parts, box):
        """Whatever the source is called, its output can be written, inside the folder."""
        stem = free_stem(box, Path(*parts), (".txt",), free)
        target = box / stem.with_name(stem.name + ".txt")
        publish(target, b"", root=box)
        assert target.resolve().is_relative_to(box.resolve())
