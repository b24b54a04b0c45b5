"""scanmend.control.http.auth: the token and its file, cookies made of it, and how often one may be wrong."""

import os

import pytest

from scanmend.control.http.auth import COOKIE_S, MAX_ADDRESSES, MAX_WRONG, WRONG_SPAN_S, Token, WrongTokens
from scanmend.errors import ConfigError

SECRET = "correct horse battery staple"  # noqa: S105 -- of this test


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "token"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


class TestToken:
    def test_right_and_wrong(self, file):
        """White space around it in the file does not count; anything else does."""
        token = Token(file)
        assert token.is_right(SECRET)
        assert not any(map(token.is_right, ("", SECRET[:-1], SECRET + "x", SECRET.upper(), "\0", "ä" * 28, "\udc80")))

    def test_it_is_compared_in_constant_time(self, file, monkeypatch):
        """Values of one length go to hmac.compare_digest, whatever is given."""
        lengths = []
        monkeypatch.setattr("hmac.compare_digest", lambda a, b: lengths.append((len(a), len(b))) or a == b)
        token = Token(file)
        assert [token.is_right(given) for given in ("", "x" * 9999, SECRET)] == [False, False, True]
        assert lengths == [(32, 32)] * 3

    def test_a_changed_file_is_read_again(self, file):
        """From then on the old token and its cookies are wrong; while there is none, the old one holds."""
        token = Token(file)
        cookie = token.cookie(0.0)
        file.unlink()
        assert token.is_right(SECRET)
        file.write_text("another secret of this test")
        file.chmod(0o600)
        assert not token.is_right(SECRET)
        assert token.is_right("another secret of this test")
        assert not token.is_right_cookie(cookie, 1.0)

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda f: f.unlink(), "cannot be read: No such file or directory; make one"),
            (lambda f: f.write_text("short"), "has fewer than 16 characters; make one"),
            (lambda f: f.chmod(0o604), "may be read by anyone; run: chmod o="),
            (lambda f: (f.unlink(), os.mkfifo(f, 0o600)), "is no regular file; make one"),
        ],
    )
    def test_a_file_that_protects_nothing(self, file, spoil, said):
        """Is an error of the configuration, with the remedy."""
        spoil(file)
        with pytest.raises(ConfigError, match=said):
            Token(file)


class TestCookie:
    def test_it_holds_for_its_time(self, file):
        """And does not tell the token."""
        token = Token(file)
        cookie = token.cookie(1000.0)
        assert SECRET not in cookie
        assert token.is_right_cookie(cookie, 1000.0 + COOKIE_S - 1)
        assert not token.is_right_cookie(cookie, 1000.0 + COOKIE_S + 1)

    def test_a_forged_one(self, file):
        """A longer time, another signature, or anything else."""
        token = Token(file)
        until, _, signature = token.cookie(1000.0).partition(".")
        forged = (f"{int(until) + 1}.{signature}", f"{until}.{'0' * 64}", f"{until}.", until, "", ".", f"٣.{signature}")
        assert not any(token.is_right_cookie(one, 1000.0) for one in forged)


class TestWrongTokens:
    def test_after_some_an_address_waits(self):
        """The others do not."""
        now = [0.0]
        wrong = WrongTokens(lambda: now[0])
        for _ in range(MAX_WRONG):
            assert wrong.wait_s("a") == 0.0
            wrong.count("a")
        assert (wrong.wait_s("a"), wrong.wait_s("b")) == (WRONG_SPAN_S, 0.0)
        now[0] += WRONG_SPAN_S
        assert wrong.wait_s("a") == 0.0

    def test_few_over_a_long_time_are_no_harm(self):
        """Somebody may mistype now and then."""
        now = [0.0]
        wrong = WrongTokens(lambda: now[0])
        for _ in range(10 * MAX_WRONG):
            wrong.count("a")
            now[0] += WRONG_SPAN_S / (MAX_WRONG - 2)
            assert wrong.wait_s("a") == 0.0

    def test_many_addresses_take_no_memory(self):
        """Those of long ago are forgotten."""
        wrong = WrongTokens(lambda: 0.0)
        for i in range(MAX_ADDRESSES + 5):
            wrong.count(str(i))
        assert len(wrong._counts) == MAX_ADDRESSES
