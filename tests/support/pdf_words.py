"""What Poppler and MuPDF find in a PDF of the sample page: its words, where they stand, and how the page looks."""

import re
import shutil
import subprocess
from html import unescape

import pymupdf
import pytest
from PIL import Image, ImageChops, ImageStat

from sample_page import WORDS

SCALE = 72 / 200
CORRECTED = ["The", "committee", "will", "meet", "again"]
PLACES = [tuple(n * SCALE for n in word.box) for word in WORDS]


def poppler(pdf):
    """Words and boxes of the first page, as Poppler finds them."""
    tool = shutil.which("pdftotext")
    assert tool, "install poppler-utils; scripts/setup does"
    listed = subprocess.run([tool, "-bbox", "-l", "1", pdf, "-"], capture_output=True, check=True).stdout.decode()
    found = re.findall(r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>', listed)
    return [unescape(word) for *_, word in found], [tuple(map(float, box)) for *box, _ in found]


def mupdf(pdf, needle):
    """Where MuPDF finds the words on the first page, as it is shown."""
    with pymupdf.open(pdf) as document:
        page = document[0]
        return [tuple(quad.rect * page.rotation_matrix) for quad in page.search_for(needle, quads=True)]


def picture(pdf):
    """Grey pixels of the first page at 200 DPI."""
    with pymupdf.open(pdf) as document:
        pixels = document[0].get_pixmap(dpi=200, colorspace=pymupdf.csGRAY)
        return Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)


def difference(one, other):
    """Mean difference of two grey pictures of one size."""
    assert one.size == other.size
    return ImageStat.Stat(ImageChops.difference(one, other)).mean[0]


def covers(outer, inner):
    """Sides exactly, top and bottom at least, by no more than a fifth of the line."""
    assert outer[0] == pytest.approx(inner[0], abs=0.05)
    assert outer[2] == pytest.approx(inner[2], abs=0.05)
    assert inner[1] - 3 <= outer[1] <= inner[1] + 0.05
    assert inner[3] + 3.5 >= outer[3] >= inner[3] - 0.05


def check_words(pdf):
    words, boxes = poppler(pdf)
    assert words == CORRECTED
    for found, expected in zip(boxes, PLACES, strict=True):
        covers(found, expected)
    (found,) = mupdf(pdf, "committee")
    covers(found, PLACES[1])
    assert mupdf(pdf, "comrnittee") == []
