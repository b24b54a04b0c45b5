"""Check that the second reader works on this machine: have it find and read a line that this module draws.

``python -m scanmend.second_reader.selftest``. Set-up runs it as a child, since native code for the wrong processor dies
of a signal instead of raising.
"""

import sys
import tempfile
import time
from pathlib import Path

from scanmend.errors import ReaderError
from scanmend.second_reader.image import drawn_line
from scanmend.second_reader.lattice import greedy_text
from scanmend.second_reader.read import Request, SecondReader

TEXT = "Invoice 4711 of 23 May"
"""What is drawn."""


def main() -> int:
    """Read the line, and print one line on it; exit code 1 with the reason when that fails."""
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="scanmend-") as folder:
            image = Path(folder, "line.pgm")
            picture = drawn_line(TEXT)
            image.write_bytes(b"P5 %d %d 255\n" % picture.shape[::-1] + picture.tobytes())
            found = SecondReader(threads=1).read(Request(image, (), ("eng",), "always", 60.0))
    except (ReaderError, OSError) as e:
        sys.stdout.write(f"the second reader does not work here: {e}\n")
        return 1
    read = " ".join(greedy_text(line.steps) for line in found.lines)
    if read != TEXT:
        sys.stdout.write(f"the second reader does not work here: it read {read!r} for {TEXT!r}\n")
        return 1
    sys.stdout.write(f"the second reader works: {read!r} in {time.monotonic() - started:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
