"""The bench of ablations: each way leaves out its part, and the table has a row for each."""

import pytest
from pydantic import TypeAdapter

import ablations
from scanmend.document import Page
from two_readings import two_readings

LINES = (("the goods were sent", "the goods were sent"), ("the gcods", "the goods"), ("in 2024 125", "in 2024 126"))


@pytest.fixture
def set_of_pages(tmp_path):
    """A set with one page, which both readers have read already."""
    folder, read = tmp_path / "letters_en", tmp_path / "read"
    folder.mkdir()
    read.mkdir()
    (folder / "one.png").touch()
    (folder / "one.gt.txt").write_text("\n".join(second for _, second in LINES))
    (read / "letters_en__one.json").write_bytes(TypeAdapter(Page).dump_json(two_readings(*LINES)))
    return folder, read


def test_a_row_for_each_way(set_of_pages, capsys):
    """With everything, the page becomes the truth; with numbers alone, its wrong word stays."""
    folder, read = set_of_pages
    ablations.main(["--pages", str(folder), "--read", str(read), "--ways", "all", "only-numbers"])
    cells = [[cell.strip() for cell in row.split("|")[1:10]] for row in capsys.readouterr().out.splitlines()[2:]]
    rows = {cells[1]: cells for cells in cells if cells[0] == "letters_en"}
    assert rows["all"][3] == "0.00%"
    assert rows["tesseract"][6:] == ["1/2", "1", "0"]
    assert rows["only-numbers"][6:] == ["2/2", "0", "0"]
    assert rows["only-numbers"][3] != "0.00%"


def test_nothing_is_left_out_afterwards(set_of_pages, capsys):
    """A way that leaves something out has no effect on the next one."""
    folder, read = set_of_pages
    ablations.main(["--pages", str(folder), "--read", str(read), "--ways", *ablations.WAYS[3:]])
    ablations.main(["--pages", str(folder), "--read", str(read), "--ways", "all"])
    assert "| letters_en | all | 1 | 0.00% |" in capsys.readouterr().out
