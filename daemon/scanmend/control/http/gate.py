"""What every request passes before a route sees it: known host, token, same site, bounded body; and headers for all."""

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scanmend.control.http.api.operations import MAX_BODY_BYTES
from scanmend.control.http.api.problems import Problem
from scanmend.control.http.auth import COOKIE, Token, WrongTokens

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
OPEN_PATHS = frozenset({"/livez", "/readyz", "/login"})
"""Paths that need no token."""
OPEN_PREFIX = "/static/"
"""Beginning of the paths of style sheets and scripts, which need none either: the login page has them, too."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Content security policy of every answer: nothing from elsewhere, nothing within the page, no frame around it."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers hide the origin of our own forms from us, too
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer that does not set them itself."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rules:
    """Who may ask."""

    hosts: Collection[str] = ()
    """Names by which the daemon may be called, besides localhost and the address that was connected to."""
    token: Token | None = None
    """What is asked for on TCP; None: nothing, as only this machine reaches the sockets."""
    wrong: WrongTokens = field(default_factory=WrongTokens)


class Gate:
    """ASGI middleware; what comes by the Unix socket needs neither host nor token: its permissions say who may."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it with what is wrong."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            headers = Headers(scope=scope)
            if login := "" if is_unix(scope) else self._check(scope, headers):
                await RedirectResponse(login, 303)(scope, receive, send_with_headers)
            else:
                await self._app(scope, _bounded(headers, receive), send_with_headers)
        except Problem as e:
            if begun:
                raise
            await e.response(scope["path"])(scope, receive, send_with_headers)
        except Exception as e:
            log.exception("control.failed", path=scope["path"], error=str(e))
            if begun:
                raise
            problem = Problem("internal", "the daemon failed to answer", "see its log: control.failed")
            await problem.response(scope["path"])(scope, receive, send_with_headers)

    def _check(self, scope: Scope, headers: Headers) -> str:
        """Refuse who has no right; return where to send a person who has to log in, else nothing. Problem."""
        self._check_host(scope, headers)
        return self._check_sender(scope, headers)

    def _check_host(self, scope: Scope, headers: Headers) -> None:
        """Refuse a name that is not ours: a page elsewhere may have had its own name lead here (DNS rebinding)."""
        name = _host_name(headers.get("host", ""))
        server = scope.get("server") or ("", None)
        if name not in {"localhost", server[0], *self._rules.hosts}:
            raise Problem(
                "unknown-host",
                f"this daemon is not known as {name or 'nothing'}",
                "call it by its address, or add the name to web.hosts in the configuration",
                where="header.host",
            )

    def _check_sender(self, scope: Scope, headers: Headers) -> str:
        """See ``_check``."""
        bearer = self._has_bearer(scope, headers)
        if not bearer and scope["method"] not in SAFE_METHODS and not _is_same_site(headers):
            raise Problem(
                "cross-site",
                "nothing says that the request comes from this site",
                "send Authorization: Bearer with the token, or Sec-Fetch-Site: same-origin as browsers do",
            )
        token, path = self._rules.token, scope["path"]
        if bearer or token is None or path in OPEN_PATHS or path.startswith(OPEN_PREFIX):
            return ""
        if token.is_right_cookie(_cookie(headers), time.time()):
            return ""
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            query = scope["query_string"].decode("ascii", "replace")
            return "/login?next=" + quote(path + (f"?{query}" if query else ""), safe="")
        raise Problem(
            "token-missing",
            "the request has no token",
            "send Authorization: Bearer with the content of web.token_file, or log in at /login",
            headers={"WWW-Authenticate": 'Bearer realm="scanmend"'},
        )

    def _has_bearer(self, scope: Scope, headers: Headers) -> bool:
        """Whether the request has the token; Problem where it has a wrong one."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        if self._rules.token is None or kind.lower() != "bearer":
            return False
        check_token(self._rules.token, self._rules.wrong, address_of(scope), given.strip())
        return True


def check_token(token: Token, wrong: WrongTokens, address: str, given: str) -> None:
    """Raise Problem where a token is wrong, or its sender has sent too many wrong ones."""
    if wait_s := wrong.wait_s(address):
        raise Problem(
            "too-many-wrong-tokens",
            "too many wrong tokens came from this address",
            f"wait {wait_s:.0f} seconds",
            headers={"Retry-After": f"{wait_s:.0f}"},
        )
    if not token.is_right(given):
        wrong.count(address)
        log.warning("control.wrong_token", address=address)
        raise Problem(
            "token-wrong",
            "the token is wrong",
            "it is the content of web.token_file on the daemon's machine",
            headers={"WWW-Authenticate": 'Bearer realm="scanmend", error="invalid_token"'},
        )


def is_unix(scope: Scope) -> bool:
    """Whether a request came by a Unix socket."""
    server = scope.get("server")
    return server is not None and server[1] is None and str(server[0]).startswith("/")


def address_of(scope: Scope) -> str:
    """Address of whoever sent a request; empty where it is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _bounded(headers: Headers, receive: Receive) -> Receive:
    """Refuse a body that is too large, whether it says so or not; Problem."""
    too_large = Problem(
        "too-large", f"the body has more than {MAX_BODY_BYTES} bytes", "send less at a time", where="body"
    )
    said = headers.get("content-length", "0")
    if said.isdecimal() and int(said[:20]) > MAX_BODY_BYTES:
        raise too_large
    got = 0

    async def bounded() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > MAX_BODY_BYTES:
            raise too_large
        return message

    return bounded


def _is_same_site(headers: Headers) -> bool:
    if (site := headers.get("sec-fetch-site")) is not None:
        return site == "same-origin"
    origin = headers.get("origin", "")
    return origin.partition("://")[2] == headers.get("host") != ""


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _host_name(host: str) -> str:
    """Return the name in a Host header, without the port; of an IPv6 address without brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
