"""Names that people or programs give to scans to do harm: they end as names, in the outbox, and as nothing else."""

import json
import os
import shutil
import stat
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scanmend.fs.free_name import free_stem
from waiting import until

NAMES = (
    "..png", "...png", "-rf.png", "--config=x.png", "$(touch owned).png", "`touch owned`.png", "; touch owned;.png",
    "a\nb.png", "a\tb\x1b[2J.png", "%2e%2e%2fx.png", "..\\..\\x.png", "<script>alert(1)<script>.png",
    '"><img src=x onerror=alert(1)>.png', "\u202egnp.png", "con.png", "~root.png", "*.png", "&amp;.png", "{0}%s.png",
)  # fmt: skip
HOOK = "import json, sys; open(sys.argv[1], 'a').write(json.dumps(sys.argv[2:]) + '\\n')"


class Tags(HTMLParser):
    """Which elements there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


def test_every_name_ends_in_the_outbox_and_runs_nothing(daemon, scans, tmp_path):
    """Outputs, archive and commands: one name each, below the outbox, whole arguments, no shell, no markup."""
    said = tmp_path / "said"
    one = daemon(
        tmp_path / "d", outputs=["txt", "html", "json"], on_success=[sys.executable, "-c", HOOK, str(said)],
        output_mode="0640", page_limit_s=60,
    )  # fmt: skip
    one.inbox.mkdir()
    for name in NAMES:
        shutil.copy(scans / "line.png", one.inbox / name)
    raw = os.fsencode(one.inbox) + b"/caf\xe9\xff.png"
    shutil.copy(scans / "line.png", os.fsdecode(raw))
    taken = [name for name in NAMES if not name.startswith((".", "~"))]  # the others are left alone
    one.start()
    until(lambda: len(list(one.archive.iterdir())) == len(taken) + 1, "all to be put away", 100)
    until(lambda: said.exists() and len(said.read_text().splitlines()) == len(taken) + 1, "the commands")
    assert one.stop() == 0
    assert not list(tmp_path.rglob("owned"))
    assert {p.name for p in tmp_path.iterdir()} == {"d", "said"}
    made = [p for p in one.outbox.rglob("*") if p.is_file()]
    assert len(made) == 3 * (len(taken) + 1)
    assert {stat.S_IMODE(p.stat().st_mode) for p in made} == {0o640}
    for arguments in map(json.loads, said.read_text().splitlines()):
        paths = [Path(argument) for argument in arguments]
        assert len(paths) == 3
        assert all(path.is_absolute() and path.parent == one.outbox and path.exists() for path in paths)
    for path in made:
        if path.suffix == ".html":
            tags = Tags(path.read_text("utf-8")).seen
            assert (tags.count("script"), tags.count("img")) == (1, 0)
        if path.suffix == ".json":
            assert json.loads(path.read_text("utf-8"))["source"].isprintable()


@pytest.mark.parametrize(
    "stem",
    ["../../etc/passwd", "/etc/passwd", "a/../../../x", "..", ".", "a/./b", "a\nb/c\x00d", "x" * 400, "a/" * 40 + "b"],
)
def test_no_stem_leads_out_of_the_outbox(tmp_path, stem):
    """Whatever a ledger or another program hands over as the name."""
    found = free_stem(tmp_path, Path(stem), [".txt"], lambda _: False)
    path = tmp_path / found.with_name(found.name + ".txt")
    assert not found.is_absolute()
    assert ".." not in found.parts
    assert Path(os.path.normpath(path)).is_relative_to(tmp_path)
    assert all(c.isprintable() for c in str(found))
