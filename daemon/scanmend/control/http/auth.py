"""Who may ask over the network: one token from a file, as a bearer or a signed cookie; wrong ones are limited."""

import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scanmend.errors import ConfigError
from scanmend.fs.safe_open import SecretUnusable, read_secret

MIN_TOKEN_CHARS = 16
"""Shortest token that is taken; what can be guessed protects nothing."""
MAX_TOKEN_BYTES = 4096
"""Largest token file that is read, in bytes."""
COOKIE = "scanmend"
"""Name of the cookie of people who have logged in."""
COOKIE_S = 30 * 86_400
"""How long such a cookie holds, in seconds."""
MAX_WRONG = 10
"""Wrong tokens that one address may send within ``WRONG_SPAN_S``; after them it is not listened to for a while."""
WRONG_SPAN_S = 60.0
"""Time in which wrong tokens are counted, in seconds, and for which the address has to wait then."""
MAX_ADDRESSES = 1000
"""Addresses whose wrong tokens are remembered, so that many of them take no memory."""


class Token:
    """The secret that the configuration's ``web.token_file`` holds, read each time that it is asked for."""

    def __init__(self, path: Path) -> None:
        """Read the file; ConfigError where it cannot be used."""
        self._path = path
        self._value = b""
        self._read()

    def is_right(self, given: str) -> bool:
        """Whether this is the token; takes the same time whatever is given."""
        return hmac.compare_digest(_digest(given.encode("utf-8", "replace")), _digest(self._current()))

    def cookie(self, now: float) -> str:
        """Return the value of a cookie that holds for ``COOKIE_S``; it does not tell the token. ``now``: wall clock."""
        until = str(int(now + COOKIE_S))
        return f"{until}.{self._signature(until)}"

    def is_right_cookie(self, given: str, now: float) -> bool:
        """Whether this is a cookie of ours, of this very token, that still holds."""
        until, _, signature = given.partition(".")
        right = hmac.compare_digest(signature.encode("utf-8", "replace"), self._signature(until).encode())
        return right and until.isascii() and until.isdecimal() and len(until) < 16 and int(until) > now  # noqa: PLR2004

    def _signature(self, until: str) -> str:
        return hmac.new(self._current(), b"cookie " + until.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _current(self) -> bytes:
        with suppress(ConfigError):  # it is being written, or was removed: the old one holds until there is another
            self._read()
        return self._value

    def _read(self) -> None:
        where = f"web.token_file {self._path}"
        try:
            value = read_secret(self._path, MAX_TOKEN_BYTES).strip()
        except SecretUnusable as e:
            remedy = "" if "chmod" in str(e) else f"; {REMEDY.format(self._path)}"
            raise ConfigError([f"{where} {e}{remedy}"]) from e
        if len(value) < MIN_TOKEN_CHARS:
            raise ConfigError([f"{where} has fewer than {MIN_TOKEN_CHARS} characters; {REMEDY.format(self._path)}"])
        self._value = value


REMEDY = "make one, as the daemon's user: (umask 077; openssl rand -hex 32 > {0})"
"""How a token file is made; the blank is its path."""


class WrongTokens:
    """How many wrong tokens each address has sent of late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Seconds that this address is not listened to; 0 where it is."""
        began, count = self._counts.get(address, (0.0, 0))
        left = began + WRONG_SPAN_S - self._clock()
        return max(0.0, left) if count >= MAX_WRONG else 0.0

    def count(self, address: str) -> None:
        """Note a wrong token."""
        now = self._clock()
        began, count = self._counts.pop(address, (now, 0))
        if now - began > WRONG_SPAN_S:
            began, count = now, 0
        # from the last one allowed on, the wait begins anew with each further one
        self._counts[address] = (now if count + 1 >= MAX_WRONG else began, count + 1)
        if len(self._counts) > MAX_ADDRESSES:
            self._counts.popitem(last=False)


def _digest(value: bytes) -> bytes:
    """Of one length, whatever the value's is."""
    return hashlib.sha256(value).digest()
