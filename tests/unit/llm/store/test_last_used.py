"""When a model file was in use last."""

import os
import time

import pytest
from structlog.testing import capture_logs

from scanmend.llm.store.last_used import LastUsed


def test_a_use_is_remembered_by_file(tmp_path):
    """The latest counts, each file has its own, whatever its name."""
    uses = LastUsed(tmp_path / "new" / "uses")
    odd, other = tmp_path / os.fsdecode(b"\xff m.gguf"), tmp_path / "other.gguf"
    assert uses.last(odd) is None
    uses.note(odd)
    (mark,) = (tmp_path / "new" / "uses").iterdir()
    assert mark.read_bytes() == os.fsencode(odd) + b"\n"
    os.utime(mark, (1000, 1000))
    assert (uses.last(odd), uses.last(other)) == (1000.0, None)
    uses.note(odd)
    assert uses.last(odd) == pytest.approx(time.time(), abs=60)
    uses.forget(odd)
    uses.forget(odd)
    assert uses.last(odd) is None


def test_a_folder_that_cannot_be_written_disturbs_no_work(tmp_path):
    """Only the log says so."""
    (tmp_path / "uses").write_text("a file")
    with capture_logs() as logs:
        LastUsed(tmp_path / "uses").note(tmp_path / "m.gguf")
    assert [entry["event"] for entry in logs] == ["model.use_unrecorded"]
