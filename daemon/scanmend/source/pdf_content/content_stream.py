"""The operators of a PDF content stream and where they stand in its bytes, to take single ones out. Pure."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_BLANK = rb"\0\t\n\f\r "
_REGULAR = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
_TOKEN = re.compile(
    rb"[-+.0-9" + _BLANK + rb"]+"  # numbers, which are most of a drawing
    rb"|%[^\r\n]*"
    rb"|/" + _REGULAR + rb"*"
    rb"|<<|>>|<[^<>]*>|[\[\]{}>)]"
    rb"|(?P<string>\()"
    rb"|(?P<word>" + _REGULAR + rb"+)",
    re.DOTALL,
)
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_IMAGE_DATA = re.compile(rb"\bID[" + _BLANK + rb"]")
_IMAGE_END = re.compile(rb"(?:(?<=[" + _BLANK + rb"])|(?<=>))EI(?=[" + _BLANK + rb"]|$)")
_NOT_CONTENT = re.compile(rb"[^\t\n\f\r\x20-\x7e]")
_PEEK_BYTES = 24
"""Bytes behind the end mark of an inline image that must look like content; in data, few are followed by so many."""
_SHORT_KEYS = {b"W": b"Width", b"H": b"Height", b"BPC": b"BitsPerComponent", b"CS": b"ColorSpace", b"IM": b"ImageMask"}
_COMPONENTS = {b"G": 1, b"DeviceGray": 1, b"RGB": 3, b"DeviceRGB": 3, b"CMYK": 4, b"DeviceCMYK": 4}

_OPERANDS = frozenset((b"true", b"false", b"null"))


class Operator(NamedTuple):
    """One operator with its operands; an inline image is one ``BI``."""

    name: bytes
    start: int
    """Where its operands begin: where the operator before ends."""
    name_start: int
    end: int


class Edit(NamedTuple):
    """Bytes ``start`` to ``end`` of a stream, and what stands there instead."""

    start: int
    end: int
    new: bytes


def operators(data: bytes) -> Iterator[Operator]:
    """Yield the operators in order. What is no content is skipped; nothing is raised."""
    at = before = 0
    while at < len(data):
        token = _TOKEN.match(data, at)
        if token is None:
            at += 1
            continue
        at = token.end()
        if token["string"]:
            at = _string_end(data, at)
        elif token["word"] and token["word"] not in _OPERANDS:
            if token["word"] == b"BI":
                at = _inline_image_end(data, at)
            yield Operator(token["word"], before, token.start(), at)
            before = at


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the stream with the edits made, which must not overlap; those at one place come in the order given."""
    out: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit[:2]):
        out += (data[at : edit.start], edit.new)
        at = edit.end
    return b"".join((*out, data[at:]))


def numbers(operands: bytes, count: int) -> tuple[float, ...] | None:
    """Return the last ``count`` numbers of operands; None where there are fewer."""
    try:
        found = tuple(float(n) for n in operands.split()[-count:])
    except ValueError:
        return None
    return found if len(found) == count else None


def name_in(operands: bytes) -> str:
    """Return the last name of operands, without its slash and with its escapes resolved; empty where there is none."""
    found = re.findall(rb"/(" + _REGULAR + rb"*)", operands)
    if not found:
        return ""
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda hexed: bytes.fromhex(hexed[1].decode()), found[-1])
    return plain.decode("utf-8", "surrogateescape")


def _string_end(data: bytes, at: int) -> int:
    """Return where the string ends whose opening parenthesis is before ``at``."""
    depth = 1
    for mark in _IN_STRING.finditer(data, at):
        depth += {b"(": 1, b")": -1}.get(mark[0], 0)
        if not depth:
            return mark.end()
    return len(data)


def _inline_image_end(data: bytes, at: int) -> int:
    """Return where the inline image ends whose ``BI`` ends at ``at``.

    Its data have no length; where they are not compressed, their size is computed, else ``EI`` counts where content
    follows.
    """
    begin = _IMAGE_DATA.search(data, at)
    if begin is None:
        return len(data)
    start = begin.end() + _plain_size(data[at : begin.start()])
    for mark in _IMAGE_END.finditer(data, start):
        if not _NOT_CONTENT.search(data, mark.end(), mark.end() + _PEEK_BYTES):
            return mark.end()
    return len(data)


def _plain_size(dictionary: bytes) -> int:
    """Bytes of an inline image's data by its dictionary; 0 where they are compressed, or this is unknown."""
    words = re.findall(_REGULAR + rb"+", dictionary)
    keys = {_SHORT_KEYS.get(k, k): v for k, v in itertools.pairwise(words)}
    if b"F" in keys or b"Filter" in keys:
        return 0
    mask = keys.get(b"ImageMask") == b"true"
    try:
        width, height = int(keys[b"Width"]), int(keys[b"Height"])
        bits = 1 if mask else int(keys[b"BitsPerComponent"]) * _COMPONENTS[keys[b"ColorSpace"]]
    except (KeyError, ValueError):
        return 0
    return (width * bits + 7) // 8 * height
