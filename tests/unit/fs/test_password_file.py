"""Files of passwords: what they may look like, who may read them, and that no message tells what is in them."""

import pytest

from scanmend.fs.password_file import MAX_BYTES, read


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "passwords.txt"
    path.touch(0o600)
    return path


@pytest.mark.parametrize(
    ("data", "passwords"),
    [
        (b"open sesame\nsecond\n", ("open sesame", "second")),
        (b"\xef\xbb\xbffirst\r\n\r\nlast", ("first", "last")),
        (b' with blanks \n#no remark\n"quotes"\n', (" with blanks ", "#no remark", '"quotes"')),
        ("pässwörd\nпароль\n秘密\n".encode(), ("pässwörd", "пароль", "秘密")),
        (b"twice\nother\ntwice\n", ("twice", "other")),
        (b"a\x0cb\xc2\x85c\n", ("a\x0cb\x85c",)),
        (b"", ()),
    ],
)
def test_a_password_is_all_of_its_line(file, data, passwords):
    """In the order in which they stand there; only the ends of lines, and empty lines, are none of it."""
    file.write_bytes(data)
    assert read(file) == passwords


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o644])
def test_one_that_others_may_use_is_refused(file, mode):
    """As the token of the web page is, with the command that mends it."""
    file.write_bytes(b"sesame\n")
    file.chmod(mode)
    with pytest.raises(ValueError, match=f"may be read by anyone; run: chmod o= {file}"):
        read(file)
    file.chmod(0o640)
    assert read(file) == ("sesame",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("ok\nsésame".encode("latin-1"), "passwords.txt:2: not UTF-8"),
        (b"ses\0ame", "null character"),
        (b"sesame\n" * MAX_BYTES, "larger than 64 KiB"),
    ],
)
def test_what_is_wrong_is_said_without_what_is_in_it(file, data, said):
    """Neither in the message nor in what it was raised from."""
    file.write_bytes(data)
    with pytest.raises(ValueError, match=said) as e:
        read(file)
    assert "ame" not in str(e.value).replace("same", "")
    assert e.value.__cause__ is None


def test_what_is_no_file(tmp_path):
    """A folder, or nothing: the message says how to make one."""
    with pytest.raises(ValueError, match=r"cannot be read: No such file or directory; make it .*umask 077"):
        read(tmp_path / "none")
    with pytest.raises(ValueError, match=r"is no regular file; make it"):
        read(tmp_path)
