"""scanmend.control.files: the outputs of a source's documents, by name, and nothing else."""

from dataclasses import replace

import pytest

from ledger_entries import BLANK
from scanmend.control.files import open_output, outputs
from scanmend.control.values import Unknown
from scanmend.ledger.parts import PartRow


def test_a_source_with_several_documents_has_the_outputs_of_all(tmp_path):
    """Each can be opened by its name; a stranger's file of that folder cannot."""
    entry = replace(BLANK, outbox=tmp_path, stem=tmp_path.relative_to(tmp_path) / "stack", state="done")
    parts = [PartRow(n, "", tmp_path, entry.stem.with_name(f"stack-{n}")) for n in (1, 2)]
    for name in ("stack-1.txt", "stack-1.json", "stack-2.txt", "other.txt"):
        (tmp_path / name).write_text(name)
    assert {one.name for one in outputs(entry, parts)} == {"stack-1.txt", "stack-1.json", "stack-2.txt"}
    file, known = open_output(entry, "stack-2.txt", parts)
    with file:
        assert (file.read(), known.name) == (b"stack-2.txt", "stack-2.txt")
    with pytest.raises(Unknown):
        open_output(entry, "other.txt", parts)
    with pytest.raises(Unknown):
        open_output(entry, "stack-3.txt", parts)
