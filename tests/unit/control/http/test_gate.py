"""scanmend.control.http.gate: who gets through, and what every answer says to the browser."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from scanmend.control.http.api.operations import MAX_BODY_BYTES
from scanmend.control.http.auth import MAX_WRONG, Token
from scanmend.control.http.gate import HEADERS, POLICY, Gate, Rules

SECRET = "correct horse battery staple"  # noqa: S105 -- of this test
BEARER = {"Authorization": f"Bearer {SECRET}"}
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def token(tmp_path):
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    return Token(file)


def client(rules=None, **how):
    async def echo(request: Request):
        return PlainTextResponse(str(len(await request.body())))

    async def fail(_request):
        raise RuntimeError("by the test")

    routes = [Route("/", echo, methods=["GET", "POST"]), Route("/fail", fail), Route("/livez", echo)]
    app = Starlette(
        routes=[*routes, Route("/static/page.css", echo)], middleware=[Middleware(Gate, rules=rules or Rules())]
    )
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False, follow_redirects=False, **how)


def code(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["code"]


class TestHosts:
    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8642", "scans.example.org", "scans.example.org:80"])
    def test_known_ones(self, host):
        """Localhost, the address that was connected to, and the names of the configuration."""
        assert client(Rules(hosts=("scans.example.org",))).get("/", headers={"Host": host}).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "[::1", "127.0.0.1"])
    def test_another_name_that_leads_here(self, host):
        """A page elsewhere may have had its own name lead here: it gets nothing (DNS rebinding)."""
        answer = client().get("/", headers={"Host": host})
        assert (answer.status_code, code(answer)) == (421, "unknown-host")


class TestTokens:
    def test_without_one(self, token):
        """A program is told what to send, a person is led to the form."""
        answer = client(Rules(token=token)).get("/")
        assert (answer.status_code, code(answer)) == (401, "token-missing")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        answer = client(Rules(token=token)).get("/?a=b", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F%3Fa%3Db")

    def test_with_the_right_one(self, token):
        """As a bearer, or as a cookie."""
        rules = Rules(token=token)
        assert client(rules).get("/", headers=BEARER).status_code == 200
        assert client(rules, cookies={"scanmend": token.cookie(9e9)}).get("/").status_code == 200
        assert client(rules, cookies={"scanmend": token.cookie(0.0)}).get("/").status_code == 401

    def test_too_many_wrong_ones(self, token):
        """Then even the right one has to wait; a cookie goes on."""
        one = client(Rules(token=token))
        with capture_logs() as logs:
            for _ in range(MAX_WRONG):
                assert code(one.get("/", headers={"Authorization": "Bearer wrong"})) == "token-wrong"
        assert [(line["event"], "Bearer" in str(line)) for line in logs] == [("control.wrong_token", False)] * MAX_WRONG
        answer = one.get("/", headers=BEARER)
        assert (answer.status_code, code(answer)) == (429, "too-many-wrong-tokens")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert one.get("/", headers={"Cookie": f"scanmend={token.cookie(9e9)}"}).status_code == 200

    @pytest.mark.parametrize("path", ["/livez", "/static/page.css"])
    def test_what_needs_none(self, token, path):
        """Whether the daemon lives, and what the login page looks like."""
        assert client(Rules(token=token)).get(path).status_code == 200


class TestOtherSites:
    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://localhost:1"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
        ],
    )
    def test_change_nothing(self, headers, token):
        """Neither without a token nor with the cookie that a browser may have."""
        cookies = {"scanmend": token.cookie(9e9)}
        for one in (client(), client(Rules(token=token), cookies=cookies)):
            answer = one.post("/", headers=headers)
            assert (answer.status_code, code(answer)) == (403, "cross-site")

    @pytest.mark.parametrize("headers", [SAME_SITE, {"Origin": "http://localhost"}])
    def test_this_one_may(self, headers):
        """Browsers say where a request comes from; so may programs."""
        assert client().post("/", headers=headers).status_code == 200

    def test_who_has_the_token_may(self, token):
        """No other site can know it."""
        assert client(Rules(token=token)).post("/", headers=BEARER).status_code == 200


class TestBodies:
    def test_up_to_the_limit(self):
        """And not a byte more, whether its length is told or not."""
        one = client()
        assert one.post("/", headers=SAME_SITE, content=b"x" * MAX_BODY_BYTES).text == str(MAX_BODY_BYTES)
        assert code(one.post("/", headers=SAME_SITE, content=b"x" * (MAX_BODY_BYTES + 1))) == "too-large"
        pieces = (b"x" * 1024 for _ in range(MAX_BODY_BYTES // 1024 + 1))
        assert code(one.post("/", headers=SAME_SITE, content=pieces)) == "too-large"


class TestHeaders:
    @pytest.mark.parametrize(("path", "host"), [("/", "localhost"), ("/", "evil.example"), ("/fail", "localhost")])
    def test_every_answer_has_them(self, path, host):
        """Also one that is an error."""
        answer = client().get(path, headers={"Host": host})
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS

    def test_the_policy_lets_nothing_in(self):
        """No script or style within a page, nothing from elsewhere, no frame, no eval."""
        assert POLICY == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )

    def test_a_failure_tells_nothing_of_the_inside(self):
        """The log has it."""
        answer = client().get("/fail")
        assert (answer.status_code, code(answer)) == (500, "internal")
        assert "by the test" not in answer.text


def test_by_the_unix_socket_neither_host_nor_token_is_asked_for(token):
    """Its permissions say who may connect."""
    answer = {}

    async def app(scope, receive, send):
        answer["passed"] = True

    async def run(server):
        answer.clear()
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": [], "server": server}
        await Gate(app, Rules(token=token))(scope, None, lambda _message: _nothing())
        return bool(answer)

    async def _nothing():
        pass

    assert asyncio.run(run(("/run/scanmend/control.sock", None)))
    assert not asyncio.run(run(("127.0.0.1", 8642)))
    assert not asyncio.run(run(None))
