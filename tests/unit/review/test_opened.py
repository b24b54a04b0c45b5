"""scanmend.review.opened: documents that people look at are parsed once, and page by page from then on."""

import pytest

from review_world import AMOUNT
from scanmend.document import without_glyphs
from scanmend.errors import StorageError
from scanmend.outputs.page_file import PageFile
from scanmend.review.bundle import Bundle
from scanmend.review.doubt.decided import decided_page
from scanmend.review.doubt.decisions import Decision, DecisionRefused, decide
from scanmend.review.doubt.places import doubtful_places
from scanmend.review.opened import REMEMBERED, OpenDocument, OpenDocuments
from two_readers_page import HEIGHT, TEXT, WIDTH, two_readers_page

PAGES = tuple(without_glyphs(two_readers_page(number)) for number in (1, 2, 3))


class CountingPages(PageFile):
    """Notes which pages were parsed one by one."""

    parsed: tuple[int, ...] = ()

    def at(self, index):
        """See PageFile."""
        self.parsed = (*self.parsed, index)
        return super().at(index)


def write(path, pages=PAGES):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    for page in pages:
        PageFile(path).append(page)
    return path


@pytest.fixture
def pages(tmp_path):
    return CountingPages.saved(write(tmp_path / "pages"))


def typed(place, text):
    return decide(doubtful_places(PAGES), [Decision(place, "type", text)], "Ana", "now")


def test_what_the_machine_published_is_known_without_parsing_again(pages):
    """Texts, sizes and places."""
    opened = OpenDocument(pages)
    assert opened.places == doubtful_places(PAGES)
    assert [(p.number, p.width, p.height, p.text) for p in opened.pages(())] == [
        (number, WIDTH, HEIGHT, TEXT) for number in (1, 2, 3)
    ]
    assert pages.parsed == ()


def test_a_decision_costs_one_page_once(pages):
    """The others stay as they are; the same again costs nothing; taken back, the machine's text is there at once."""
    opened = OpenDocument(pages)
    held = typed(AMOUNT.replace("p1", "p2"), "19.70")
    texts = [page.text for page in opened.pages(held)]
    place = next(place for place in opened.places if place.id == held[0].decision.place)
    assert texts == [TEXT, decided_page(PAGES[1], [(place.span, held[0])]).corrected, TEXT]
    assert "19.70" in texts[1]
    opened.pages(held)
    assert pages.parsed == (1,)
    both = held + typed(AMOUNT, "8")
    assert ["8" in page.text for page in opened.pages(both)] == [True, False, False]
    assert pages.parsed == (1, 0)
    assert [page.text for page in opened.pages(())] == [TEXT] * 3


def test_only_pages_that_are_there_have_an_image(pages):
    """What a page number of an address may be is anybody's."""
    assert OpenDocument(pages).page(3).number == 3
    with pytest.raises(DecisionRefused, match="no image of a page 4"):
        OpenDocument(pages).page(4)


class WithoutFields(Bundle):
    """One whose folder wants no facts."""

    fields = ()


def test_documents_are_remembered_until_their_pages_change(tmp_path):
    """And only the latest."""
    documents, bundle = OpenDocuments(), WithoutFields(tmp_path / "d0")
    write(bundle.path / "pages")
    first = documents.get(bundle)
    assert documents.get(WithoutFields(bundle.path)) is first
    write(bundle.path / "pages", PAGES[:1])
    again = documents.get(bundle)
    assert len(again.pages(())) == 1
    for n in range(1, REMEMBERED + 1):
        write(tmp_path / f"d{n}" / "pages", PAGES[:1])
        documents.get(WithoutFields(tmp_path / f"d{n}"))
    assert documents.get(bundle) is not again
    with pytest.raises(StorageError, match=r"gone/pages cannot be read"):
        documents.get(WithoutFields(tmp_path / "gone"))
