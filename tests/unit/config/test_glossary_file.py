"""Glossary files: what a glossary may look like, and what becomes of one that changes under the daemon."""

import os

import pytest
from structlog.testing import capture_logs

from scanmend.config.glossary_file import MAX_BYTES, GlossaryFiles, read
from scanmend.errors import StorageError


@pytest.fixture
def file(tmp_path):
    return tmp_path / "glossary.txt"


class TestRead:
    def test_entries_and_remarks(self, file):
        """One entry a line; what is a remark, what is empty, and what stands there twice is left out."""
        file.write_bytes(
            "\ufeff# Customers\r\nMüller & Söhne GmbH  # since 1998\r\n\r\n   #old\n\tHewlett-Packard\t#\n"
            "C#\nSuite #5\nC#\n".encode()
        )
        assert read(file) == ("Müller & Söhne GmbH", "Hewlett-Packard", "C#", "Suite #5")

    def test_an_empty_file(self, file):
        """It is a glossary without words."""
        file.touch()
        assert read(file) == ()

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ("Meier\nMüller".encode("latin-1"), r"glossary.txt:2: not UTF-8 \(byte 0xfc\); save the file as UTF-8"),
            ("Müller".encode("utf-16"), "glossary.txt:1: not UTF-8"),
            ("A\nB".encode("utf-16-le"), r"glossary.txt:1: holds a control character \(0x00\); save it as plain text"),
            (b"x" * (MAX_BYTES + 1), "is larger than 1024 KiB; keep the words that matter most"),
        ],
    )
    def test_what_is_no_glossary(self, file, data, said):
        """The message has the line and the remedy."""
        file.write_bytes(data)
        with pytest.raises(ValueError, match=said):
            read(file)

    def test_what_is_no_file(self, tmp_path):
        """Missing, a folder, below a file, or a pipe, which nobody waits for."""
        os.mkfifo(tmp_path / "pipe")
        for name, said in (("no", "there is no file"), (".", "is no text file"), ("pipe", "is no text file")):
            with pytest.raises(ValueError, match=said):
                read(tmp_path / name)
        (tmp_path / "file").touch()
        with pytest.raises(ValueError, match=r"cannot be read \(Not a directory\)"):
            read(tmp_path / "file" / "below")

    def test_the_largest(self, file):
        """So many bytes are not yet too many."""
        file.write_bytes(b"x" * MAX_BYTES)
        assert len(read(file)) == 1


class TestChanges:
    def test_unchanged(self, file):
        """A file that is as it was is not read again."""
        file.write_text("one\n")
        files = GlossaryFiles()
        first = files.entries(file)
        assert files.entries(file) is first

    def test_written_again(self, file):
        """New words count from the next time on."""
        files = GlossaryFiles()
        file.write_text("one\n")
        assert files.entries(file) == ("one",)
        file.write_text("one\ntwo\n")
        assert files.entries(file) == ("one", "two")

    def test_replaced_by_one_as_old_and_as_long(self, file, tmp_path):
        """Editors put another file in its place; its time and size alone would not tell."""
        files = GlossaryFiles()
        file.write_text("one\n")
        assert files.entries(file) == ("one",)
        (tmp_path / "new").write_text("two\n")
        os.utime(tmp_path / "new", ns=(0, file.stat().st_mtime_ns))
        (tmp_path / "new").rename(file)
        assert files.entries(file) == ("two",)

    @pytest.mark.parametrize("breaks", ["unlink", "mangle"])
    def test_broken(self, file, breaks):
        """The words read before stay, the log says so once, and a mended file is taken up."""
        files = GlossaryFiles()
        file.write_text("one\n")
        files.entries(file)
        file.unlink() if breaks == "unlink" else file.write_bytes(b"\xff\xfe")
        with capture_logs() as logs:
            assert files.entries(file) == files.entries(file) == ("one",)
        (line,) = logs
        assert (line["event"], line["log_level"]) == ("glossary.rejected", "warning")
        assert str(file) in line["problem"]
        file.write_text("two\n")
        with capture_logs() as logs:
            assert files.entries(file) == ("two",)
        assert [line["event"] for line in logs] == ["glossary.reloaded"]
        file.unlink()
        with capture_logs() as logs:
            assert files.entries(file) == ("two",)
        assert [line["event"] for line in logs] == ["glossary.rejected"]

    def test_never_readable(self, file):
        """Without the words that are to be protected nothing is corrected; the document is tried again later."""
        with pytest.raises(StorageError, match="glossary: there is no file"):
            GlossaryFiles().entries(file)
