"""Takes a picture of a proof sheet with Chromium, where there is one."""

import shutil
import subprocess
import tempfile
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
"""What the program may be called."""
SIZE = (1280, 1400)
"""Width and height of the picture, in pixels: a page and the table above it."""
LIMIT_S = 60.0


def take_picture(sheet: Path, target: Path) -> bool:
    """Write a PNG of a proof sheet; whether there is a browser that could."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        return False
    with tempfile.TemporaryDirectory() as home:
        arguments = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            f"--user-data-dir={home}", f"--window-size={SIZE[0]},{SIZE[1]}", f"--screenshot={target}", sheet.as_uri(),
        ]  # fmt: skip
        done = subprocess.run(arguments, capture_output=True, check=False, timeout=LIMIT_S)
    return done.returncode == 0 and target.exists()
