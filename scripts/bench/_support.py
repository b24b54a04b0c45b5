"""Importing this lets the scripts beside it use the drawing of scans and the trial daemon of ``tests/support``."""

import sys
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[2] / "tests" / "support"))
