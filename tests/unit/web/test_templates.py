"""Templates: whatever a file is called, it is text on the page and nothing else."""

import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from page_values import FOLDER, NOW, hostile_document, hostile_row
from scanmend.control.values import Incomplete, Waiting, Work
from scanmend.document import local_iso, printable
from scanmend.web import done, failed, now
from scanmend.web.frame import Frame
from scanmend.web.templates import count, duration, render, size, when

HOSTILE = {
    "markup": "<script>alert(1)</script>.pdf",
    "quotes": '"\'` onfocus=alert(1) autofocus x=".pdf',
    "template": "{{ 7 * 7 }}{% raw %}.pdf",
    "right_to_left": "invoice\u202efdp.exe",
    "isolates": "\u2067x\u2069.pdf",
    "surrogates": "caf\udce9.pdf",
    "control": "a\x00\x1b[31m\r\nb.pdf",
    "long": "x" * 251 + ".pdf",
    "entity": "&lt;b&gt;&amp;.pdf",
    "url": "javascript:alert(1)//?a=b&c=d#e",
}
"""Names that a scanner, or somebody who means harm, may give a file; told to the page as ``printable`` has them."""


class Tags(HTMLParser):
    """Notes every tag with its attributes, and all text."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], []
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag, attrs):
        """See HTMLParser."""
        self.tags.append((tag, tuple(key for key, _ in attrs)))
        self.text += [value for key, value in attrs if key in ("aria-label", "value") and value]

    def handle_data(self, data):
        """See HTMLParser."""
        self.text.append(data)


def frame(view):
    """A frame in which nothing waits."""
    return Frame(view, "Title", time.time(), 0, 0)


def now_page(name):
    """The view of now, with a file of that name at every place."""
    folder = replace(
        FOLDER,
        working=(Work("a", "f", name, "reading", 1, 3),),
        waiting=(Waiting("b", "f", name, "waiting", name, None),),
        incomplete=(Incomplete(name, name, NOW.at),),
        arriving=(name,),
        trouble=f"{name}; {name}",
        inbox=name,
        polled_because=name,
    )
    current = replace(NOW, folders=(folder,), troubles=(name,))
    return render(
        "now.html",
        frame=frame("now"),
        summary=now.summary(current),
        troubles=now.troubles(current),
        plots=now.plot_cards(current),
        models=[(m, now.place(m), now.holds(m), now.unload_at(m, current)) for m in current.models],
        model_state=name,
        downloads=(),
        folders=now.folder_cards(current),
        version=current.version,
        pid=current.pid,
        started=current.started,
    )


def done_page(name):
    """The list of documents, with one of that name, asked for by that name."""
    asked = done.Filter.of({"name": name, "folder": name})
    return render(
        "done.html",
        frame=frame("done"),
        filter=asked,
        states=done.STATES,
        folders=[name],
        rows=[done.row(hostile_document(name))],
        total=1,
        more="",
        older="x",
    )


def failed_page(name):
    """The failures, with one of that name and for a reason that names it."""
    one = failed.failure(hostile_row(name))
    return render("failed.html", frame=frame("failed"), failures=[one], total=2, folder=name, older=None)


@pytest.mark.parametrize("page", [now_page, done_page, failed_page])
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_name_is_text_and_never_markup(page, name):
    """The same tags and attributes as with a harmless name come out, and the name itself stands there."""
    harmless, hostile = Tags(page("harmless.pdf")), Tags(page(printable(name)))
    assert hostile.tags == harmless.tags
    assert any(printable(name).strip() in text for text in hostile.text)


@pytest.mark.parametrize("page", [now_page, done_page, failed_page])
def test_half_a_character_does_not_break_a_page(page):
    """Even where somebody forgot to make a name printable, there is a page."""
    assert b"caf\\udce9" in page("caf\udce9.pdf")


def test_directions_do_not_turn_a_name_around():
    """A mark that turns the writing is shown as what it is."""
    page = done_page(printable(HOSTILE["right_to_left"]))
    assert "\u202e" not in page.decode()
    assert b"invoice\\u202efdp.exe" in page


def test_an_address_is_quoted():
    """What is put into an address cannot leave it."""
    links = [line for line in done_page('a"b&c?d#e/../f').decode().splitlines() if "download" in line]
    assert links
    assert all("a%22b%26c%3Fd%23e%2F..%2Ff" in line for line in links)


@pytest.mark.parametrize("page", [now_page, done_page, failed_page])
def test_no_page_has_script_or_style_of_its_own(page):
    """The policy forbids both; a page that had some would not work."""
    tags = Tags(page("a.pdf")).tags
    assert [attrs for tag, attrs in tags if tag == "script"] == [("src", "defer")]
    assert all(tag != "style" for tag, _ in tags)
    assert not [key for _, attrs in tags for key in attrs if key == "style" or key.startswith("on")]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (0.42, "0.4 s"), (12.4, "12 s"), (89, "89 s"), (750, "12 min"), (11100, "3 h 5 min")],
)
def test_a_length_of_time_is_told_as_people_do(seconds, told):
    assert duration(seconds) == told


@pytest.mark.parametrize(("amount", "told"), [(0, "0 B"), (900, "900 B"), (3_500_000, "3.3 MiB"), (2**31, "2.0 GiB")])
def test_a_size_is_told_as_people_do(amount, told):
    assert size(amount) == told


def test_one_is_not_many():
    assert (count(1, "page"), count(12000, "page"), count(2, "query", "queries")) == (
        "1 page",
        "12,000 pages",
        "2 queries",
    )


def test_a_moment_of_today_is_told_by_its_hour_and_an_older_one_by_its_day():
    noon = time.mktime((2026, 11, 28, 12, 0, 0, 0, 0, -1))
    assert when(local_iso(noon), noon + 60) == "12:00"
    assert when(local_iso(noon), noon + 86400) == "28 Nov 12:00"
    assert when(local_iso(noon), noon + 86400 * 300) == "28 Nov 2026"
