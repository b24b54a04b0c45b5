"""scanmend.outputs.hocr: well-formed, with the corrected words, and Tesseract's own reader understands it."""

import xml.etree.ElementTree as ET
from dataclasses import replace

from sample_page import sample_page
from scanmend.document import Line, Page, Word
from scanmend.ocr.tesseract import parse
from scanmend.outputs.hocr import Hocr
from scanmend.source.page_image import PageImage
from two_readers_page import TEXT, noise_page, two_readers_page


def written(tmp_path, *pages, source="scan.png"):
    made = Hocr(tmp_path / "out.hocr", source, ["eng", "deu"])
    for page in pages:
        made.add(page)
    made.finish()
    return (tmp_path / "out.hocr").read_bytes()


def parsed(text):
    return ET.fromstring(text)  # noqa: S314 -- written a moment ago


def test_words_lines_and_boxes_come_back(tmp_path):
    """What parses Tesseract's hOCR parses this, and finds the corrected words where the raw ones were."""
    page = sample_page()
    second = Line((Word("End", (5, 90, 60, 110), 88.0),), 1)
    page = replace(page, page=replace(page.page, lines=(*page.page.lines, second)))
    back = parse(written(tmp_path, page), 1, PageImage(tmp_path, 628, 119, 200), 0.0)
    assert [line.text for line in back.lines] == ["The committee will meet again", "End"]
    assert [line.paragraph for line in back.lines] == [0, 1]
    assert [w.box for line in back.lines for w in line.words] == [w.box for line in page.page.lines for w in line.words]
    assert back.lines[0].words[1].confidence == 62


def test_every_page_and_id_is_its_own(tmp_path):
    """Also an empty page; ids are unique over the file."""
    root = parsed(written(tmp_path, sample_page(1), sample_page(2), sample_page(3, (), ())))
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(ids) == len(set(ids))
    assert [e.get("id") for e in root.iter() if e.get("class") == "ocr_page"] == ["page_1", "page_2", "page_3"]


def test_any_text_and_any_name_can_be_written(tmp_path):
    """Markup, quotes, control characters and half characters break nothing."""
    wild = tuple(Word(text, (0, 0, 9, 9), 5.0) for text in ("<b>", "a&b", "'\"", "\x01", "\ud83d", "]]>"))
    root = parsed(written(tmp_path, sample_page(1, (), wild), source="a\"b;'<.png"))
    words = [e.text for e in root.iter() if e.get("class") == "ocrx_word"]
    assert words == ["<b>", "a&b", "'\"", "\ufffd", "\ufffd", "]]>"]


def test_words_without_boxes(tmp_path):
    """Text without an image is still text."""
    page = sample_page(1, (), (Word("bare"),))
    assert b"bare" in written(tmp_path, replace(page, page=Page(1, page.page.lines)))


def test_lines_of_the_second_reader_and_lines_of_noise(tmp_path):
    """A line that only the second reader found has its place and boxes; one without words, and its paragraph, none."""
    data = written(tmp_path, two_readers_page(), noise_page(2))
    back = parse(data, 1, PageImage(tmp_path, 640, 400, 200), 0.0)
    assert back.raw == TEXT
    assert [w.box for w in back.lines[1].words] == [(40, 100, 140, 130), (260, 100, 300, 130)]
    kinds = [e.get("class") for e in parsed(data).iter() if e.get("class")]
    assert [kinds.count(kind) for kind in ("ocr_page", "ocr_carea", "ocr_par", "ocr_line")] == [2, 2, 2, 3]
    (found,) = [e for e in parsed(data).iter() if e.text == "Total"]
    assert found.get("title") == "bbox 40 100 140 130"
