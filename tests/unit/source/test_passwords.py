"""scanmend.source.passwords: encrypted PDFs are opened with the folder's passwords, and nobody is told these."""

import unicodedata

import pymupdf
import pytest

from locked_pdfs import ENCRYPTIONS, locked_pdf
from sample_page import sample_page
from scanmend.errors import DocumentError, StorageError
from scanmend.outputs.page_file import PageFile
from scanmend.pageworkers.compose import compose
from scanmend.source.passwords import passwords_of
from scanmend.source.render import inspect, render
from scanmend.source.settings import SourceLimits

LIMITS = SourceLimits(max_pages=10, max_megapixels=5, render_dpi=150)
ASCII, ACCENTS, OTHERS = "open sesame", "na\u00efve \u20ac\u00aa", "\u043f\u0430\u0440\u043e\u043b\u044c \u79d8\u5bc6"


@pytest.fixture
def known(tmp_path):
    """Write a file of passwords, and return its path."""

    def write(*passwords):
        path = tmp_path / "passwords.txt"
        path.touch(0o600)
        path.write_text("\n".join(passwords), "utf-8")
        return str(path)

    return write


@pytest.mark.parametrize(
    ("encryption", "password"),
    [*((one, password) for one in ENCRYPTIONS for password in (ASCII, ACCENTS)), ("AES, 256 bits", OTHERS)],
)
@pytest.mark.parametrize("whose", ["user", "owner"])
def test_a_known_password_opens_it(tmp_path, known, encryption, password, whose):
    """That of the user or the owner, whatever it is encrypted with; the page can be seen, and the record warns."""
    passwords = {"user": password, "owner": "other"} if whose == "user" else {"user": "other", "owner": password}
    source = locked_pdf(tmp_path / "scan.pdf", encryption, **passwords)
    with passwords_of(known("wrong", password)):
        found = inspect(source, LIMITS)
        assert render(source, 1, tmp_path, LIMITS).width > 100
    assert (found.pages, [w.code for w in found.warnings]) == (1, ["encrypted_source"])


def test_letters_with_accents_typed_in_two_ways(tmp_path, known):
    """Some editors write an accent as a character of its own; keyboards do not."""
    source = locked_pdf(tmp_path / "scan.pdf", "AES, 128 bits", user="na\u00efve")
    with passwords_of(known(unicodedata.normalize("NFD", "na\u00efve"))):
        assert inspect(source, LIMITS).pages == 1


@pytest.mark.parametrize(
    ("passwords", "said"),
    [(["sesam", "OPEN SESAME"], "2 were tried"), (["sesam"], "one was tried")],
)
def test_wrong_passwords(tmp_path, known, passwords, said):
    """The reason says how many were tried, what to do, and no password."""
    source = locked_pdf(tmp_path / "scan.pdf", "AES, 256 bits", user=ASCII)
    with passwords_of(known(*passwords)), pytest.raises(DocumentError, match=said) as e:
        inspect(source, LIMITS)
    assert "sesam" not in str(e.value).lower()


def test_without_a_file_nothing_is_tried(tmp_path):
    """The message is the same as ever."""
    source = locked_pdf(tmp_path / "scan.pdf", "AES, 256 bits", user=ASCII)
    with passwords_of(None), pytest.raises(DocumentError, match="save it without a password"):
        inspect(source, LIMITS)


def test_a_file_that_others_may_read_holds_the_document_up(tmp_path, known):
    """That is not the scan's fault: it waits until the file is mended."""
    source, file = locked_pdf(tmp_path / "scan.pdf", "AES, 256 bits", user=ASCII), known(ASCII)
    (tmp_path / "passwords.txt").chmod(0o644)
    with passwords_of(file), pytest.raises(StorageError, match=r"passwords: .*chmod o= "):
        inspect(source, LIMITS)


def test_what_opens_without_a_password_needs_no_file(tmp_path):
    """The file is not even read."""
    source = locked_pdf(tmp_path / "scan.pdf", "AES, 256 bits", owner="owner")
    with passwords_of(str(tmp_path / "none")):
        assert inspect(source, LIMITS).warnings == ()


@pytest.mark.parametrize("encryption", ENCRYPTIONS)
@pytest.mark.parametrize("whose", ["user", "owner"])
def test_the_pdf_output_stays_encrypted(tmp_path, known, encryption, whose):
    """With both passwords and the same permissions: appended to, it keeps every byte."""
    source = locked_pdf(tmp_path / "scan.pdf", encryption, user=ASCII, owner="owner")
    pages = PageFile(tmp_path / "pages")
    pages.append(sample_page())
    target = tmp_path / "made.pdf"
    facts = {"title": "A title", "sha256": "00" * 32, "source": "scan.pdf"}
    with passwords_of(known(ASCII if whose == "user" else "owner")):
        assert compose(source, pages.path, {"pdf": target}, facts, lambda: None) == ()
    assert target.read_bytes().startswith(source.read_bytes())
    for password in (ASCII, "owner"):
        with pymupdf.open(target) as made, pymupdf.open(source) as before:
            assert made.needs_pass
            assert made.authenticate(password) == before.authenticate(password) > 0
            assert made.permissions == before.permissions
            assert "committee" in made[0].get_text()
