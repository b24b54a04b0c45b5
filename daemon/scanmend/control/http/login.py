"""Logging in with a browser: a form takes the token once, and gives a cookie that does not tell it."""

import html
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from scanmend.control.http.api.problems import CODES, Problem
from scanmend.control.http.auth import COOKIE, COOKIE_S
from scanmend.control.http.gate import Rules, address_of, check_token

LoginPage = Callable[[str, str], str]
"""Returns the page's HTML for a message, empty at first, and the path to go to once logged in."""


def routes(rules: Rules, page: LoginPage) -> list[Route]:
    """Return the routes of /login and /logout."""

    async def show(request: Request) -> Response:
        return HTMLResponse(page("", _inside(request.query_params.get("next", "/"))))

    async def login(request: Request) -> Response:
        given = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
        target = _inside(given.get("next", ["/"])[0])
        if rules.token is None:
            return RedirectResponse(target, 303)
        try:
            token = given.get("token", [""])[0].strip()
            await run_in_threadpool(check_token, rules.token, rules.wrong, address_of(request.scope), token)
        except Problem as e:
            return HTMLResponse(page(f"{e.detail}; {e.remedy}", target), CODES[e.code][0], e.headers)
        answer = RedirectResponse(target, 303)
        answer.set_cookie(
            COOKIE,
            rules.token.cookie(time.time()),
            max_age=COOKIE_S,
            httponly=True,
            samesite="strict",
            secure=request.headers.get("x-forwarded-proto") == "https",
        )
        return answer

    async def logout(_request: Request) -> Response:
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return answer

    return [
        Route("/login", show, methods=["GET"]),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]


def plain_page(message: str, target: str) -> str:
    """Return a login page without any style, for a daemon that serves no other page."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>scanmend: log in</title>'
        f'<main><h1>scanmend</h1><p role="alert">{html.escape(message)}</p><form method="post" action="/login">'
        f'<input type="hidden" name="next" value="{html.escape(target)}">'
        '<label>Token <input type="password" name="token" autocomplete="current-password" required autofocus></label> '
        "<button>Log in</button></form></main></html>"
    )


def _inside(target: str) -> str:
    """Return a path of this site; whatever leads elsewhere becomes the start page."""
    plain = target.isascii() and target.isprintable() and "\\" not in target
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"
