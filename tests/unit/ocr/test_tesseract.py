"""scanmend.ocr.tesseract with the real engine, and with stand-ins that fail in its place."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from PIL import Image

import render_scans
from scanmend.errors import DocumentError, OcrError
from scanmend.ocr.tesseract import installed, parse, read
from scanmend.source.page_image import PageImage
from scanmend.source.render import render
from scanmend.source.settings import SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=50, render_dpi=200)
SAID = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True).stdout
TRAINED = Path(SAID.split('"')[1] if '"' in SAID else "/usr/share/tesseract-ocr/4.00/tessdata")
"""Where Tesseract's own data lies; before version 5 it does not say."""
IMAGE = PageImage(Path("none"), 100, 50, 200)


@pytest.fixture
def rendered(tmp_path):
    """Return a function that puts a page image on disk as the renderer does."""

    def put(image: Image.Image) -> PageImage:
        work = Path(tempfile.mkdtemp(dir=tmp_path))
        render_scans.save_png(image, work / "scan.png")
        return render(work / "scan.png", 1, work, LIMITS)

    return put


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return a function that puts a shell script in Tesseract's place."""

    def stand_in(script: str) -> None:
        have = installed()
        monkeypatch.setattr("scanmend.ocr.tesseract.installed", lambda: have)
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "tesseract").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "tesseract").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return stand_in


class TestReading:
    def test_words_boxes_and_glyphs(self, rendered):
        """One pass gives the text, where each word stands, how sure Tesseract is, and what else it saw."""
        image = rendered(render_scans.line("The quick brown fox", height_px=50))
        page = read(image, 3, ["eng"], 60)
        assert page.raw == "The quick brown fox"
        assert (page.number, page.width, page.height, page.dpi) == (3, image.width, image.height, 200)
        assert 0 < page.seconds < 60
        words = page.lines[0].words
        assert [w.box[0] for w in words] == sorted(w.box[0] for w in words)
        for word in words:
            left, top, right, bottom = word.box
            assert 0 <= left < right <= image.width
            assert 0 <= top < bottom <= image.height
            assert 50 < word.confidence <= 100
            assert len(word.glyphs) == len(word.text)
            for glyph, character in zip(word.glyphs, word.text, strict=True):
                assert glyph[0][0] == character
                assert [c for _, c in glyph] == sorted((c for _, c in glyph), reverse=True)
                assert all(0 <= c <= 100 for _, c in glyph)

    def test_alternatives(self, rendered):
        """For a doubtful glyph there are several readings: that is what rescoring chooses from."""
        scan = render_scans.letter_es()
        upper = scan.pages[0].crop((0, 0, scan.pages[0].width, 700))
        upper.info = dict(scan.pages[0].info)
        page = read(rendered(upper), 1, ["spa"], 60)
        assert "Valdehermoso" in page.raw
        assert "Concejalía" in page.raw
        words = [word for line in page.lines for word in line.words]
        assert any(len(glyph) > 1 for word in words for glyph in word.glyphs)
        assert sum(len(word.glyphs) == len(word.text) for word in words) >= 0.95 * len(words)
        assert len({line.paragraph for line in page.lines}) > 1

    def test_an_empty_sheet(self, rendered):
        """An empty sheet has no lines; it is not an error."""
        page = read(rendered(render_scans.blank()), 1, ["eng"], 60)
        assert page.lines == ()
        assert page.mean_confidence is None

    def test_tiny_images(self, rendered):
        """A single pixel is a page, too."""
        assert read(rendered(Image.new("L", (1, 1), 255)), 1, ["eng"], 60).lines == ()

    def test_bilevel_and_unknown_resolution(self, rendered, tmp_path):
        """Black and white images, and images without a resolution, are read."""
        image = render_scans.line("Plain black and white", height_px=50).point([0] * 128 + [255] * 128).convert("1")
        image.save(tmp_path / "a.gif")
        bare = render(tmp_path / "a.gif", 1, tmp_path, LIMITS)
        assert bare.dpi == 0
        assert read(bare, 1, ["eng"], 60).raw == "Plain black and white"

    def test_several_languages(self, rendered):
        """Several languages are given to Tesseract together."""
        assert "Straße" in read(rendered(render_scans.line("Die Straße", height_px=50)), 1, ["eng", "deu"], 60).raw

    def test_nothing_is_left_behind(self, rendered):
        """Tesseract's own files lie beside the image while it runs, and are gone afterwards."""
        before = tempfile.tempdir
        image = rendered(render_scans.line("Clean"))
        there = set(image.path.parent.iterdir())
        read(image, 1, ["eng"], 60)
        assert set(image.path.parent.iterdir()) == there
        assert tempfile.tempdir == before


class TestFailures:
    def test_a_language_that_is_not_installed(self, rendered):
        """The message says how to install it, even where Tesseract would go on without it; the document waits."""
        for languages in (["eng", "chi_tra"], ["chi_tra"]):
            with pytest.raises(OcrError, match=r"lacks chi_tra; .*: apt install tesseract-ocr-chi-tra\Z"):
                read(rendered(render_scans.line("x")), 1, languages, 60)

    def test_a_language_installed_meanwhile(self, rendered, tmp_path, monkeypatch):
        """It is found without a restart."""
        data = tmp_path / "tessdata"
        data.mkdir()
        monkeypatch.setenv("TESSDATA_PREFIX", str(data))
        installed.cache_clear()
        try:
            image = rendered(render_scans.line("Now it is there", height_px=50))
            with pytest.raises(OcrError, match="eng"):
                read(image, 1, ["eng"], 60)
            (data / "eng.traineddata").symlink_to(TRAINED / "eng.traineddata")
            (data / "configs").symlink_to(TRAINED / "configs")
            assert read(image, 1, ["eng"], 60).raw == "Now it is there"
        finally:
            installed.cache_clear()

    def test_damaged_data(self, rendered, tmp_path, monkeypatch):
        """A damaged language file is an OcrError that says how to install it."""
        (tmp_path / "eng.traineddata").write_bytes(b"junk")
        (tmp_path / "configs").symlink_to(TRAINED / "configs")
        image = rendered(render_scans.line("x"))
        monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
        with pytest.raises(OcrError, match="cannot load a language of eng; on Debian"):
            read(image, 1, ["eng"], 60)

    def test_its_limit(self, rendered, engine):
        """A page that takes too long is given up, and the engine with it."""
        engine("exec sleep 1000")
        with pytest.raises(OcrError, match=r"page 7 took Tesseract longer than page_limit_s: 0\.3 s"):
            read(rendered(render_scans.line("x")), 7, ["eng"], 0.3)

    def test_no_tesseract(self, rendered, monkeypatch, tmp_path):
        """The message says how to install it."""
        image = rendered(render_scans.line("x"))
        installed()
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(OcrError, match="Tesseract is not installed; on Debian and Ubuntu: apt install"):
            read(image, 1, ["eng"], 60)

    @pytest.mark.parametrize(
        ("script", "said"),
        [
            ("echo out of memory >&2; exit 3", r"failed on page 1 \(status 3\): out of memory"),
            ("kill -SEGV $$", "page 1 ended Tesseract, which died of SIGSEGV"),
            ('exec cat /dev/zero > "$2.hocr"', "page 1 ended Tesseract, which died of SIGXFSZ"),
            ("exit 0", "its result be read"),
            ('printf "<html><oops" > "$2.hocr"', "page 1 came back from Tesseract as broken hOCR"),
            ('printf "\\377\\376" > "$2.hocr"', "page 1 came back from Tesseract as broken hOCR"),
        ],
    )
    def test_a_broken_engine(self, rendered, engine, script, said):
        """Whatever it does, the document is tried again later."""
        engine(script)
        with pytest.raises(OcrError, match=said) as e:
            read(rendered(render_scans.line("x")), 1, ["eng"], 60)
        assert "\n" not in str(e.value)

    def test_an_engine_that_cannot_run(self, rendered, engine, tmp_path, monkeypatch):
        """A ``tesseract`` that is not a program is an OcrError."""
        engine("")
        (tmp_path / "bin" / "tesseract").write_bytes(b"\x7fELF nonsense")
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        with pytest.raises(OcrError, match="cannot be started"):
            read(rendered(render_scans.line("x")), 1, ["eng"], 60)

    def test_too_large_for_the_engine(self, rendered, engine):
        """An image too large for Tesseract is the document's fault: trying again would not help."""
        engine('echo "Image too large: (40000, 40000)" >&2; exit 1')
        with pytest.raises(DocumentError, match="page 1 is too large for Tesseract: Image too large"):
            read(rendered(render_scans.line("x")), 1, ["eng"], 60)

    def test_really_too_large_for_the_engine(self, tmp_path):
        """Tesseract takes no side above 32767 pixels."""
        path = tmp_path / "wide.pnm"
        Image.new("1", (33_000, 20), 1).save(path, "PPM")
        with pytest.raises(DocumentError, match="page 1 is too large for Tesseract"):
            read(PageImage(path, 33_000, 20, 200), 1, ["eng"], 60)


class TestParsing:
    def hocr(self, *lines: str) -> bytes:
        body = "".join(lines)
        return f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{body}</body></html>".encode()

    def word(self, text: str, title: str = "bbox 1 2 30 40; x_wconf 91", glyphs: str = "") -> str:
        return f"<span class='ocrx_word' title='{title}'>{text}{glyphs}</span>"

    def line(self, *words: str, kind: str = "ocr_line") -> str:
        return f"<p class='ocr_par'><span class='{kind}' title='bbox 0 0 9 9'>{' '.join(words)}</span></p>"

    def test_lines_of_every_kind(self):
        """Headers, captions and floating lines are lines; each paragraph has its number."""
        kinds = ("ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat")
        data = self.hocr(*(self.line(self.word(kind), kind=kind) for kind in kinds))
        page = parse(data, 2, IMAGE, 1.23456)
        assert [(line.text, line.paragraph) for line in page.lines] == [(k, i) for i, k in enumerate(kinds)]
        assert (page.number, page.width, page.dpi, page.seconds) == (2, 100, 200, 1.235)

    def test_markup_within_words(self):
        """Bold and italic do not tear words, glyph alternatives are no text."""
        glyphs = "".join(
            f"<span class='ocrx_cinfo'><span title='x_confs {c}'>{a}</span><span title='x_confs 0'>z</span></span>"
            for a, c in (("a", 99), ("b", 55.55))
        )
        (line,) = parse(
            self.hocr(self.line(self.word("<strong><em>ab</em></strong>", glyphs=glyphs))), 1, IMAGE, 0
        ).lines
        (word,) = line.words
        assert word.text == "ab"
        assert word.glyphs == ((("a", 99.0),), (("b", 55.5),))

    def test_the_blank_before_a_word(self):
        """Tesseract may count it among the word's glyphs; the others would all be off by one."""
        choices = "".join(
            f"<span class='ocrx_cinfo'><span title='x_confs 90'>{a}</span><span title='x_confs 5'>x</span></span>"
            for a in (" ", "a", "b")
        )
        (line,) = parse(self.hocr(self.line(self.word("ab", glyphs=choices))), 1, IMAGE, 0).lines
        assert line.words[0].glyphs == ((("a", 90.0), ("x", 5.0)), (("b", 90.0), ("x", 5.0)))

    def test_a_word_with_blanks(self):
        """It becomes several, since a word never contains white space; which glyph is whose is then unknown."""
        glyphs = "<span class='ocrx_cinfo'><span title='x_confs 9'>a</span></span>" * 3
        (line,) = parse(self.hocr(self.line(self.word(" a  b ", glyphs=glyphs))), 1, IMAGE, 0).lines
        assert [(w.text, w.box, w.confidence, w.glyphs) for w in line.words] == [
            ("a", (1, 2, 30, 40), 91.0, ()),
            ("b", (1, 2, 30, 40), 91.0, ()),
        ]

    def test_what_is_missing(self):
        """No box, no confidence, no ratings, no text: nothing is invented, empty lines are left out."""
        glyphs = "<span class='ocrx_cinfo'><span title=''>a</span></span><span class='ocrx_cinfo'></span>"
        rows = (self.line(self.word("ab", title="x_font none", glyphs=glyphs)), self.line(self.word("  ")), self.line())
        (line,) = parse(self.hocr(*rows), 1, IMAGE, 0).lines
        (word,) = line.words
        assert (word.text, word.box, word.confidence) == ("ab", None, None)
        assert word.glyphs == ((("a", 0.0),), ())

    def test_escapes(self):
        """What Tesseract escapes comes back as it was read."""
        (line,) = parse(self.hocr(self.line(self.word("&lt;R&amp;D&gt;&#39;s"))), 1, IMAGE, 0).lines
        assert line.text == "<R&D>'s"
