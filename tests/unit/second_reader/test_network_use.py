"""What the second reader's process does with sockets, seen by the kernel from its start to its end."""

import re
import shutil
import subprocess
import sys

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


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_it_opens_no_socket(scans, tmp_path):
    """Two pages, OpenVINO and OpenCV loaded, and no call that has to do with a network but for the pair of sockets."""
    with Image.open(scans / "line.png") as image:
        image.convert("L").save(tmp_path / "upright.pgm", "PPM")
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=%network", "-o", str(trace), sys.executable, "-c", CODE]
    done = subprocess.run(
        [*command, tmp_path / "upright.pgm"], capture_output=True, text=True, check=False, timeout=110
    )
    if "ptrace" in done.stderr:
        pytest.skip(f"strace cannot trace here: {done.stderr.strip()}")
    assert re.fullmatch(r"\d+ 1 \n", done.stdout), done.stdout + done.stderr
    calls = trace.read_text()
    assert set(re.findall(r"\b(\w+)\(", calls)) <= {
        "socketpair",
        "sendto",
        "recvfrom",
        "shutdown",
        "getsockopt",
        "getsockname",
    }
    assert "AF_INET" not in calls
    assert "socketpair(AF_UNIX" in calls
