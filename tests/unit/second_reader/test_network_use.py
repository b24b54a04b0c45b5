"""What the second reader's process does with sockets, seen by the kernel from its start to its end."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

CODE = """
import os, sys
from pathlib import Path
from scanmend.document import Line, Page, Word
from scanmend.second_reader.reader_process import ReaderProcess
reader = ReaderProcess()
page = Page(1, (), languages=("eng",))
for _ in range(2):
    reading = reader.read(page, Path(sys.argv[1]), "always", 60.0)
print(reader.pid, len(reading.lines), reading.problem)
reader.close()
"""


def traced(code: str, argument: Path, folder: Path) -> tuple[str, str]:
    """Run Python code with an argument; return what it printed, and the calls that have to do with a network."""
    trace = folder / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=%network", "-o", trace, sys.executable, "-c", code, argument]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    if "ptrace" in done.stderr:
        pytest.skip(f"strace cannot trace here: {done.stderr.strip()}")
    return done.stdout + done.stderr, trace.read_text()


needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


@needs_strace
def test_it_opens_no_socket(scans, tmp_path):
    """Two pages, OpenVINO and OpenCV loaded, and no call that has to do with a network but for the pair of sockets."""
    with Image.open(scans / "line.png") as image:
        image.convert("L").save(tmp_path / "upright.pgm", "PPM")
    said, calls = traced(CODE, tmp_path / "upright.pgm", tmp_path)
    assert re.fullmatch(r"\d+ 1 \n", said), said
    assert set(re.findall(r"\b(\w+)\(", calls)) <= {
        "socketpair",
        "sendto",
        "recvfrom",
        "shutdown",
        "getsockname",
        "getsockopt",
    }
    assert "socketpair(AF_UNIX" in calls
    assert "AF_INET" not in calls


@needs_strace
def test_one_that_did_would_be_seen(tmp_path):
    """Also in a child and a thread, and where nobody answers."""
    attempt = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 53))"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {attempt!r}])"
    _, calls = traced(code, tmp_path, tmp_path)
    assert "connect(" in calls
    assert "AF_INET" in calls
