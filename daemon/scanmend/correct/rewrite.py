"""The rewriting proposer: the folder's prompt, a chunk of lines, and the model's reply taken apart into edits.

For instruct models of about a billion parameters and up. The reply is never published; only its differences
are proposed, each tied to raw words of one line, and judged one by one.
"""

from collections.abc import Callable, Iterator, Sequence

from scanmend.correct.align import differences
from scanmend.correct.model import LanguageModel
from scanmend.document import Edit, Page

CHUNK_WORDS = 220
"""Words of one call: enough context to help, little enough that a bad reply costs little."""
INSTRUCTION = "Reply with the corrected text only, line by line, and nothing else."


def propose(
    page: Page, wanted: Sequence[int], prompt: str, model: LanguageModel, progress: Callable[[], None]
) -> Iterator[Edit]:
    """Yield the differences between raw text and reply, for the lines whose indices are wanted."""
    for chunk in chunks(page, wanted, lambda text: model.fits(prompt, text)):
        progress()
        reply = model.rewrite(f"{prompt}\n{INSTRUCTION}", "\n".join(page.lines[n].text for n in chunk))
        places = [(n, i) for n in chunk for i in range(len(page.lines[n].words))]
        raw = [page.lines[n].words[i].text for n, i in places]
        for pair in differences(raw, reply.split()):
            line, first = places[pair.first]
            count = pair.last - pair.first
            if places[pair.last - 1][0] == line:
                box = page.lines[line].words[first].box
                yield Edit(
                    line, first, " ".join(raw[pair.first : pair.last]), pair.new, "rewrite", count=count, box=box
                )


def chunks(page: Page, wanted: Sequence[int], fits: Callable[[str], bool]) -> Iterator[list[int]]:
    """Group wanted lines, neighbours together, into chunks that fit; a line too long for any chunk is left out."""
    chunk: list[int] = []
    words = 0
    for n in wanted:
        size = len(page.lines[n].words)
        text = "\n".join(page.lines[i].text for i in [*chunk, n])
        if chunk and (words + size > CHUNK_WORDS or n - chunk[-1] > 1 or not fits(text)):
            yield chunk
            chunk, words = [], 0
        if chunk or fits(page.lines[n].text):
            chunk.append(n)
            words += size
    if chunk:
        yield chunk
