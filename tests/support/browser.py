"""Chromium, the daemon's page in it, and what it complains of."""

import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome") or ""
NAME = "scans.example"
"""A name that the browser finds this machine by: to pages of such names over plain HTTP, browsers tell less."""
ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # tests run as root, too
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
]
LIMIT_MS = 60_000
"""How long anything on a page may take before a test fails; the machine may have much else to do."""
PICTURES = os.environ.get("SCANMEND_PICTURES", "")
"""Folder that screenshots for the documents go to; none are taken where it is not set."""
IRRELEVANT = ("The Cross-Origin-Opener-Policy header has been ignored",)
"""What Chromium says of every page that comes by plain HTTP from a name."""
COLOURS = 96
"""Colours of a picture for the documents: the page has few, a scan is grey."""
SIZES = {"wide": (1280, 860), "phone": (390, 844)}
"""Width and height of the screens that pages are looked at on, in pixels."""
LOOKS = (("light", "wide"), ("dark", "phone"))
"""Colour scheme and screen of each look."""


def axe_script() -> str:
    """Return axe-core, or skip the test."""
    package = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    return Path(package.__path__[0], "axe.min.js").read_text("utf-8")


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser that runs while the context lasts; the test is skipped where there is none."""
    if not CHROMIUM:
        pytest.skip("there is no chromium; scripts/setup --tests installs it")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Visitor:
    """Somebody who looks at the page of one daemon."""

    def __init__(self, browser: Any, base: str, *, script: bool = True, **context: Any) -> None:
        """``script``: whether the browser runs scripts."""
        width, height = SIZES["wide"]
        self.context = browser.new_context(
            base_url=base, java_script_enabled=script, viewport={"width": width, "height": height}, **context
        )
        self.context.set_default_timeout(LIMIT_MS)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        """Errors in the console, among them violations of the policy, errors of scripts, and dialogs."""
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def close(self) -> None:
        """Close the page; AssertionError where it complained."""
        self.context.close()
        assert self.complaints == [], self.complaints

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(told in message.text for told in IRRELEVANT):
            self.complaints.append(message.text)

    def picture(self, name: str) -> None:
        """Take a picture of what is seen, where one is asked for: with few colours, as the documents carry it."""
        if PICTURES:
            taken = Image.open(io.BytesIO(self.page.screenshot()))
            taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
                Path(PICTURES, f"{name}.png"), optimize=True
            )

    def audit(self, axe: str, *pictures: str) -> None:
        """Have axe-core look at the page, light on a wide screen and dark on a phone.

        ``pictures``: under which names each look goes to the documents; those without a name do not.
        """
        for (scheme, size), name in zip_longest(LOOKS, pictures, fillvalue=""):
            width, height = SIZES[size]
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.evaluate(axe)
            found = self.page.evaluate("axe.run().then(r => r.violations)")
            told = [f"{v['id']}: {v['nodes'][0]['html']} {v['nodes'][0]['failureSummary']}" for v in found]
            assert not told, f"{self.page.url} {scheme} {size}: {told}"
            assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                f"{self.page.url} is wider than the {size} screen"
            )
            if name:
                self.picture(name)
        width, height = SIZES["wide"]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme="light")
