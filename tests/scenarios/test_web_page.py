"""The page in a real browser, over a real daemon: scans are dropped, watched, reviewed and decided; failures retried.

SCANMEND_PICTURES=docs/pictures has it take the pictures of the documents anew.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import demo_receipt
from browser import NAME, Visitor, axe_script, chromium
from daemon_process import Daemon, drop
from file_servers import free_port
from waiting import until

pytestmark = pytest.mark.timeout(300)  # pages of two readers, pictures of pages, and a browser besides


@pytest.fixture(scope="module")
def browser():
    """Chromium, once for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def axe():
    """axe-core."""
    return axe_script()


@pytest.fixture(scope="module")
def receipt(tmp_path_factory) -> Path:
    """A faded receipt: its two readers dispute some of its numbers."""
    return demo_receipt.write(tmp_path_factory.mktemp("receipt"))


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """A daemon with both readers, the page, and its address: it starts once, as the second reader takes its time."""
    port = free_port()
    top = {"web": {"listen": f"127.0.0.1:{port}"}}
    settings = {"review": "on", "second_reader": "auto", "outputs": ["txt", "pdf", "json"]}
    started = Daemon(tmp_path_factory.mktemp("reading"), top=top, **settings)
    yield started.start(), f"http://127.0.0.1:{port}"
    started.end()


@pytest.fixture
def reviewed(reading, visit, receipt):
    """Open the review of a receipt that both readers read once for all tests; its output and the page.

    What the test before has decided is undone.
    """
    started, base = reading
    output = started.outbox / "first"
    if not output.with_suffix(".json").exists():
        drop(receipt, started.inbox, "first.png")
        until(output.with_suffix(".json").exists, "the receipt")
    (document,) = [one["id"] for one in started.status()["recent"] if one["file"] == "first.png"]

    def make(**how):
        started.command("review", document, "--restore")
        page = visit(base, **how).page
        page.goto("/review")
        page.get_by_role("link", name="first.png").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="first.png").wait_for()
        return output, page

    return make


@pytest.fixture
def served(daemon):
    """Start a daemon with a page, and return it with the page's address."""

    def make(**settings):
        port = free_port()
        top = {"web": {"listen": f"127.0.0.1:{port}"}} | settings.pop("top", {})
        started = daemon(review="on", top=top, **settings).start()
        return started, f"http://127.0.0.1:{port}"

    return make


@pytest.fixture
def visit(browser):
    """Open the page of a daemon; whatever it complains of fails the test."""
    made = []

    def make(base, **how):
        made.append(Visitor(browser, base, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def pdf_text(path: Path) -> str:
    """The text of a PDF, as another program reads it."""
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()


def has_everywhere(output: Path, text: str) -> bool:
    """Whether text, record and PDF of an output, named without suffix, have this."""
    record = json.loads(output.with_suffix(".json").read_bytes())
    return (
        text in output.with_suffix(".txt").read_text("utf-8")
        and text in record["pages"][0]["corrected"]
        and text in pdf_text(output.with_suffix(".pdf"))
    )


def test_a_scan_is_watched_reviewed_typed_and_undone(reading, visit, axe, receipt):
    """The whole way: dropped, seen on the page without a reload, decided by keys alone, and every output follows."""
    started, base = reading
    visitor = visit(base)
    page = visitor.page
    page.goto("/")
    page.get_by_text("Nothing to do.").wait_for()
    drop(receipt, started.inbox, "first.png")
    page.locator("#folder-1 .files").get_by_text("being read").wait_for()
    visitor.picture("now")
    page.locator("#folder-1").get_by_text("1 document done").wait_for()
    page.locator("#head .badge.two").get_by_text("1").wait_for()
    visitor.audit(axe)

    page.get_by_role("link", name="Done", exact=True).click()
    page.get_by_role("cell", name="first.png", exact=True).wait_for()
    visitor.audit(axe, "done")
    page.get_by_role("link", name=re.compile(r"\d+ disputed")).click()
    page.get_by_role("heading", name="first.png").wait_for()
    page.get_by_role("img", name=re.compile("Scan of page 1")).wait_for()
    until(lambda: page.evaluate("document.querySelector('.crop').naturalWidth"), "the crop")
    visitor.audit(axe, "review", "review-phone")

    output = started.outbox / "first"
    machine = output.with_suffix(".txt").read_bytes()
    places = int(re.search(r"of (\d+),", page.locator("section.place .number").inner_text())[1])
    _go_to_number(page)
    _type(page, "4711.23")
    page.get_by_text(f"{places - 1} open").wait_for()
    until(lambda: has_everywhere(output, "4711.23"), "the typed number in all outputs")
    record = json.loads(output.with_suffix(".json").read_bytes())
    assert [(one["choice"], one["after"]) for one in record["review"]] == [("type", "4711.23")]

    page.keyboard.press("u")
    page.get_by_text(f"{places} open").wait_for()
    until(lambda: output.with_suffix(".txt").read_bytes() == machine, "the number undone")
    page.get_by_text("The outputs have all decisions").wait_for()
    assert "4711.23" not in pdf_text(output.with_suffix(".pdf"))

    page.goto(page.url.partition("?")[0])
    for left in range(places - 1, -1, -1):  # one hand, no mouse
        page.keyboard.press("Enter")
        page.get_by_text(f", {left} open").wait_for()
    page.get_by_text("All places are decided").wait_for()
    page.keyboard.press("n")
    page.get_by_role("heading", name="Decided").wait_for()


def test_taking_another_reading_skipping_and_restoring(reading, visit, axe, reviewed):
    """The second reading by its number, a place left open, and in the end the machine's version again."""
    started, base = reading
    output, page = reviewed()
    machine = output.with_suffix(".txt").read_bytes()
    _go_to_number(page)
    other = page.locator("#reading-2 .reading").inner_text()
    page.keyboard.press("2")
    until(lambda: other in output.with_suffix(".txt").read_text(), "the other reading in the text")
    at = _at(page)
    page.keyboard.press("s")
    until(lambda: _at(page) != at, "the next place")
    page.keyboard.press("k")
    until(lambda: _at(page) == at, "the place that was skipped")
    page.get_by_label("Your name, for the record").fill("Mira")
    page.get_by_role("button", name="Keep").click()
    page.locator("input[name=name][value=Mira]").wait_for()
    page.locator("section.place").focus()
    page.keyboard.press("Enter")
    page.locator("#decisions summary").click()
    page.get_by_text("Mira: ").first.wait_for()
    page.get_by_role("button", name="Restore the machine").click()
    until(lambda: output.with_suffix(".txt").read_bytes() == machine, "the machine's version")
    visitor = visit(base)
    visitor.page.goto("/review")
    visitor.audit(axe, "queue")
    assert started.process.poll() is None


@pytest.mark.thorough
def test_a_file_that_somebody_changed_is_left_alone(reviewed):
    """The page says which, and that it does not have the decisions; the others have them. All of it without scripts."""
    output, page = reviewed(script=False)
    output.with_suffix(".txt").write_text("mine\n")
    while page.locator("#place-title").inner_text() != "Disputed number":
        page.locator("#next").click()
    page.get_by_label("What stands there").fill("4711.23")
    page.get_by_role("button", name="Type").click()
    until(lambda: page.goto(page.url) and page.get_by_text("txt was left alone").is_visible(), "the page saying so")
    assert output.with_suffix(".txt").read_text() == "mine\n"
    assert "4711.23" in json.loads(output.with_suffix(".json").read_bytes())["pages"][0]["corrected"]


def test_a_failure_is_explained_downloaded_and_retried(served, visit, axe, scans):
    """The reason, what to do, the scan itself, and another try; for whoever runs no scripts, too."""
    started, base = served()
    drop(scans / "encrypted.pdf", started.inbox, 'a "q" <b>&amp;.pdf')
    started.wait("document.quarantined")
    visitor = visit(base)
    page = visitor.page
    page.goto("/failed")
    page.get_by_role("heading", name='a "q" <b>&amp;.pdf', exact=True).wait_for()
    page.get_by_text("without a password").first.wait_for()
    visitor.audit(axe, "failed")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the scan").click()
    assert Path(download.value.path()).read_bytes() == (scans / "encrypted.pdf").read_bytes()
    page.get_by_role("button", name="Retry").click()
    started.wait("document.quarantined", 2)

    plain = visit(base, script=False).page
    plain.goto("/failed")
    plain.get_by_role("button", name="Retry").click()
    started.wait("document.quarantined", 3)
    plain.goto("/")
    plain.get_by_role("button", name="Pause").click()
    plain.get_by_text("new files stay in the inbox").wait_for()
    drop(scans / "line.png", started.inbox)
    page.goto("/")
    page.get_by_text("line.png").wait_for()
    assert not started.said("document.done")
    page.get_by_role("button", name="Resume").click()
    started.wait("document.done")
    page.locator("#folder-1").get_by_text("1 document done").wait_for()


@pytest.mark.thorough
def test_a_model_is_unloaded_by_a_button(served, visit, scans):
    """What is loaded is shown with the time that it has left; the button ends its process, and the page says so."""
    started, base = served(strategy="rescore")
    drop(scans / "broken.png", started.inbox)
    page = visit(base).page
    page.goto("/")
    page.locator("#model").get_by_text(re.compile(r"process \d+")).wait_for()
    started.wait("document.done")
    page.locator("#model").get_by_text(re.compile(r"in \d+:\d\d")).wait_for()
    page.get_by_role("button", name="Unload now").click()
    page.locator("#model").get_by_text("None is loaded").wait_for()
    started.wait("model.unloaded")


@pytest.mark.thorough
def test_names_from_outside_are_text_on_the_page(served, visit, scans):
    """A name that would be markup, one that turns the writing around, and one that is no Unicode; nothing runs."""
    started, base = served()
    names = ["<img src=x onerror=alert(1)>.png", "a\u202egnp.exe.png", "x" * 251 + ".png"]
    for name in names:
        drop_as(scans / "line.png", started.inbox, name.encode())
    drop_as(scans / "line.png", started.inbox, b"caf\xe9.png")
    started.wait("document.done", 4)
    page = visit(base).page
    page.goto("/done")
    for shown in ("<img src=x onerror=alert(1)>.png", "a\\u202egnp.exe.png", "x" * 251 + ".png", "caf\\xe9.png"):
        page.get_by_role("cell", name=shown, exact=True).wait_for()
    page.get_by_label("Name has").fill("<img")
    page.get_by_role("button", name="Show").click()
    page.get_by_text("1 document", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="txt").click()
    assert "committee" in Path(download.value.path()).read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
def test_another_machine_logs_in_once_and_steers(served, visit, axe, tmp_path, script):
    """By a name, over plain HTTP, with the token: then buttons work there, too, with scripts and without."""
    token = tmp_path / "token"
    token.write_text("a-secret-of-thirty-two-characters")
    token.chmod(0o600)
    port = free_port()
    web = {"listen": f"127.0.0.1:{port}", "hosts": [NAME], "token_file": str(token)}
    served(top={"web": web})
    visitor = visit(f"http://{NAME}:{port}", script=script)
    page = visitor.page
    page.goto("/done?state=all")
    if script:
        visitor.audit(axe)
    page.get_by_label("Token").fill(token.read_text())
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="All").wait_for()
    page.get_by_role("link", name="Now", exact=True).click()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("new files stay in the inbox").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Pause").wait_for()


@pytest.mark.thorough
def test_a_click_while_the_page_is_brought_up_to_date(served, visit, scans):
    """What changes between press and release of a button takes neither the button nor its click away."""
    started, base = served()
    page = visit(base).page
    page.goto("/")
    page.get_by_role("button", name="Pause").hover()
    page.mouse.down()
    with page.expect_response(f"{base}/"):
        drop(scans / "line.png", started.inbox)
    page.wait_for_event("response", lambda response: response.url == f"{base}/")  # the one before has been used
    page.mouse.up()
    page.get_by_text("new files stay in the inbox").wait_for()
    page.get_by_text("1 document done").or_(page.get_by_text("1 done")).first.wait_for()


def drop_as(source: Path, inbox: Path, name: bytes) -> None:
    """Let a file appear under a name of any bytes."""
    part = inbox / ".dropped"
    part.write_bytes(source.read_bytes())
    part.rename(inbox / os.fsdecode(name))


def _at(page) -> int:
    """The number of the place that is shown."""
    return int(re.search(r"place (\d+) of", page.locator("section.place .number").inner_text())[1])


def _go_to_number(page) -> None:
    """Go on, by keys alone, to the first number that the readers dispute."""
    while page.locator("#place-title").inner_text() != "Disputed number":
        at = _at(page)
        page.keyboard.press("j")
        until(lambda at=at: _at(page) != at, "the next place")


def _type(page, text: str) -> None:
    """Type a reading at the place, by keys alone."""
    page.locator("section.place").focus()
    page.keyboard.press("t")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
