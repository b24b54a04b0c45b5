"""The addresses: what they answer, whom they refuse, and what they hand to the daemon."""

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from page_values import DOCUMENT, NOW, ROW
from scanmend.control.values import DocumentList, Retried, Unknown
from scanmend.errors import StorageError
from scanmend.ledger.ledger import Ledger
from scanmend.ledger.reviews import ReviewRow
from scanmend.review.reviews import Reviews
from scanmend.web.assets import address, assets
from scanmend.web.routes import login_page, routes


class Told:
    """A daemon that notes what it is told, and has one document."""

    def __init__(self):
        self.asked, self.done = [], []
        self.trouble_with_storage = False

    def now(self):
        """See Controls."""
        return NOW

    def documents(self, query):
        """See Controls."""
        if self.trouble_with_storage:
            raise StorageError("the ledger cannot be read")
        if query.after == "nonsense":
            raise ValueError(query.after)
        self.asked.append(query)
        failed = query.states == ("quarantined",)
        row = replace(ROW, state="quarantined", error="the PDF is encrypted") if failed else ROW
        gone = (replace(row, id="gone", file="gone.pdf"),) if query.name == "gone" else ()
        return DocumentList((*gone, row), 1, True, "more")

    def document(self, id_):
        """See Controls."""
        if id_ != ROW.id:
            raise Unknown("document", f"there is no {id_}")
        return DOCUMENT

    def retry(self, ids):
        """See Controls."""
        if ids == ["gone"]:
            raise Unknown("document", "no quarantined document has the id gone")
        self.done.append(("retry", ids))
        return Retried((), (), {"d9": "its folder is gone"} if ids == ["d9"] else {})

    def unload(self):
        """See Controls."""
        self.done.append("unload")

    def pause(self, folder):
        """See Controls."""
        if folder != "invoices":
            raise Unknown("folder", f"no folder is named {folder}")
        self.done.append(("pause", folder))

    def resume(self, folder):
        """See Controls."""
        self.done.append(("resume", folder))


@pytest.fixture
def told():
    """The daemon."""
    return Told()


@pytest.fixture
def client(told, tmp_path):
    """A browser without scripts that looks at it; there is nothing to review."""
    ledger = Ledger(tmp_path / "ledger.sqlite")
    told.ledger, reviews = ledger, Reviews(tmp_path / "review", ledger, None)
    with TestClient(Starlette(routes=routes(told, reviews)), follow_redirects=False) as made:
        yield made
    reviews.close()
    ledger.close()


@pytest.mark.parametrize(
    ("path", "title"), [("/", "Now"), ("/done", "Done"), ("/failed", "Failed"), ("/review", "Review")]
)
def test_every_view_has_its_title_and_is_never_kept(client, path, title):
    answer = client.get(path)
    assert answer.status_code == 200
    assert f"<title>{title} · scanmend</title>" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_what_the_address_asks_for_is_what_the_daemon_is_asked(client, told):
    client.get("/done?folder=invoices&state=failed&name=x&after=y")
    query = told.asked[0]
    assert (query.folder, query.states, query.name, query.after) == ("invoices", ("quarantined",), "x", "y")


@pytest.mark.parametrize("path", ["/done?after=nonsense", "/failed?after=nonsense", "/review?after=no"])
def test_a_place_in_a_list_that_never_was_leads_to_its_beginning(client, path):
    assert client.get(path).status_code == 200


def test_the_whole_queue_can_be_paged_through(client, told):
    """Every document once, the most doubtful first; a page further on has no other sections."""
    for n in range(120):
        row = ReviewRow(f"d{n}", "scans", Path(f"{n}.png"), n / 8, 4, 1, "open", False, 0.0, 2e10)
        told.ledger.reviews.put(row)
    told.ledger.reviews.put(replace(row, id="old", state="decided", doubt=0.0))
    path, seen = "/review", []
    while path:
        text = html.unescape(client.get(path).text)
        seen += re.findall(r'id="queued-(\w+)"', text)
        path = next(iter(re.findall(r'href="([^"]+)" rel="next"', text)), "")
    assert [one for one in seen if one != "old"] == [f"d{n}" for n in reversed(range(120))]
    assert seen.count("old") == 1


@pytest.mark.parametrize(
    ("path", "done", "then"),
    [
        ("/unload", "unload", "/"),
        ("/folders/invoices/pause", ("pause", "invoices"), "/"),
        ("/folders/invoices/resume", ("resume", "invoices"), "/"),
        ("/retry", ("retry", None), "/failed"),
        ("/retry/d1", ("retry", ["d1"]), "/failed"),
    ],
)
def test_an_action_is_posted_and_ends_in_a_redirect(client, told, path, done, then):
    answer = client.post(path)
    assert (answer.status_code, answer.headers["location"]) == (303, then)
    assert told.done == [done]


@pytest.mark.parametrize(
    "path", ["/unload", "/retry", "/folders/invoices/pause", "/review/d1/decide", "/review/d1/undo"]
)
def test_an_action_is_not_done_by_a_link(client, told, path):
    assert client.get(path).status_code == 404
    assert told.done == []


def test_a_folder_that_there_is_not_is_a_page_that_says_so(client):
    answer = client.post("/folders/%3Cb%3E/pause")
    assert answer.status_code == 404
    assert "no folder is named &lt;b&gt;" in answer.text


def test_what_stays_in_quarantine_is_told_with_the_reason(client):
    answer = client.post("/retry/d9")
    assert answer.status_code == 409
    assert "d9: its folder is gone" in answer.text


def test_what_somebody_retried_just_before_is_no_error(client):
    assert client.post("/retry/gone").headers["location"] == "/failed"


def test_a_document_that_is_forgotten_while_the_list_is_made_is_left_out(client):
    answer = client.get("/done?name=gone")
    assert answer.status_code == 200
    assert "a.pdf" in answer.text
    assert "gone.pdf" not in answer.text


def test_a_ledger_that_cannot_be_read_is_told(client, told):
    told.trouble_with_storage = True
    answer = client.get("/done")
    assert answer.status_code == 503
    assert "the ledger cannot be read" in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/review/none", "/.git/config", "/static/../secret"])
def test_what_there_is_not_is_a_page_that_says_so(client, path):
    assert client.get(path).status_code == 404


def test_a_form_with_too_many_fields_is_refused(client, told):
    answer = client.post("/unload", content="&".join(f"f{n}=1" for n in range(100)))
    assert answer.status_code == 400
    assert told.done == []


@pytest.mark.parametrize("body", ["", "place=p1&choice=nonsense", "place=p1&choice=take&source=nobody"])
def test_a_decision_that_no_form_of_ours_sends_is_refused(client, body):
    assert client.post("/review/d1/decide", content=body).status_code == 400


def test_a_name_is_remembered_by_the_browser_alone(client):
    answer = client.post("/review/name", content="name=++Mira+%3Cb%3E+&back=d1")
    assert answer.headers["location"] == "/review/d1"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("scanmend_name=Mira%20%3Cb%3E;")
    assert {"HttpOnly", "SameSite=strict", "Path=/review"} <= {part.strip() for part in cookie.split(";")}


def test_a_way_back_never_leads_elsewhere(client):
    assert client.post("/review/name", content="name=x&back=//evil.example/").headers["location"] == (
        "/review/%2F%2Fevil.example%2F"
    )


@pytest.mark.parametrize("name", list(assets()))
def test_files_of_the_page_are_kept_for_ever(client, name):
    answer = client.get(address(name))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    again = client.get(address(name), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_file_of_another_version_is_not_there(client):
    assert client.get("/static/000000000000/page.css").status_code == 404


def test_the_login_page_escapes_what_it_is_given():
    page = login_page("<b>", '"><script>')
    assert "&lt;b&gt;" in page
    assert "<script>" not in page
