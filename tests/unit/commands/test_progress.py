"""scanmend.commands.progress: the lines that ``scanmend process`` prints of its files."""

from pathlib import Path

from scanmend.commands.progress import file_bar
from scanmend.document import DocumentWarning


def test_a_line_for_each_file(capsys):
    """Where its outputs are, what to look at and what is missing of it; or why it failed."""
    done, failed = "a.png", "b.png"
    with file_bar([done, failed]) as bar:
        warnings = [DocumentWarning("picture_not_read", "picture 7 is cut short", 2)]
        bar.finish(done, "", [Path("out/a.txt")], warnings, "3 numbers disputed")
        bar.finish(failed, "it is empty", [])
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line and not line.startswith("scans")] == [
        "done a.png -> out/a.txt; 3 numbers disputed",
        "  warning: page 2: picture 7 is cut short",
        "FAILED b.png: it is empty",
    ]
