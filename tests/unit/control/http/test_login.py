"""scanmend.control.http.login: the form, its cookie, and where it leads."""

import pytest

from control_world import api
from scanmend.control.http.auth import MAX_WRONG, Token
from scanmend.control.http.gate import Rules

SECRET = "correct horse battery staple"  # noqa: S105 -- of this test
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def client(memory, tmp_path):
    file = tmp_path / "token"
    file.write_text(SECRET)
    file.chmod(0o600)
    with api(memory, Rules(token=Token(file))) as (one, _):
        one.follow_redirects = False
        yield one


def test_the_right_token_gives_a_cookie(client):
    """One that scripts cannot read and other sites cannot use; with it, the API answers."""
    assert client.get("/api/v1/now").status_code == 401
    assert "<form" in client.get("/login").text
    answer = client.post("/login", data={"token": SECRET, "next": "/api/v1/now"}, headers=SAME_SITE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/api/v1/now")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/api/v1/now").status_code == 200
    assert client.post("/logout", headers=SAME_SITE).headers["location"] == "/login"
    assert client.get("/api/v1/now").status_code == 401


def test_a_wrong_one_is_told_and_counted(client):
    """After some, the address waits."""
    for _ in range(MAX_WRONG):
        answer = client.post("/login", data={"token": "<i>wrong</i>"}, headers=SAME_SITE)
        assert (answer.status_code, "the token is wrong" in answer.text) == (401, True)
        assert "<i>" not in answer.text
    assert client.post("/login", data={"token": SECRET}, headers=SAME_SITE).status_code == 429


def test_another_site_logs_nobody_in(client):
    """A form elsewhere could else choose who somebody is."""
    answer = client.post("/login", data={"token": SECRET}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "target", ["http://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/a\r\nb", "/ä"]
)
def test_it_leads_nowhere_else(client, target):
    """Only to a path of this very site."""
    answer = client.post("/login", data={"token": SECRET, "next": target}, headers=SAME_SITE)
    assert answer.headers["location"] == "/"


def test_what_it_shows_is_no_markup(client):
    """The path to go to comes from the address, which anybody may have written."""
    assert "<script>" not in client.get("/login", params={"next": '/"><script>'}).text
