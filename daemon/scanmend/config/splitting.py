"""The values of ``group``, ``split`` and ``output_name``, with errors that say what is wrong within them."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from scanmend.assembly.groups import SUBFOLDER, Grouping
from scanmend.assembly.rules import Split
from scanmend.naming.template import Template, parse

KEYS = {
    "barcode": ("pattern", "codes", "separator"),
    "patch": ("codes", "separator"),
    "blank": ("separator",),
    "pages": ("every",),
}
"""What may stand beside ``by``, by its value."""
GROUP_KEYS = ("within_s", "pattern")
"""What a ``group`` has to say."""
MAX_WITHIN_S = 86_400.0
"""Longest wait for the next file of a document, in seconds."""
GROUP_EXAMPLE = r"{within_s: 30, pattern: '(.+)_\d+'}"
"""A ``group`` as messages show it."""
PATCH_CODES = ("1", "2", "3", "4", "6", "T")
"""Names of the patch codes; 1 to 4 are also written I to IV."""
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "VI": "6"}
_EXAMPLES = {
    "barcode": "{by: barcode, pattern: 'DOC-.*'}",
    "patch": "{by: patch, codes: [T]}",
    "blank": "{by: blank}",
    "pages": "{by: pages, every: 2}",
}


def _split(value: object) -> object:
    """Take a mapping; ValueError that says all that is wrong with it, as its keys have no lines of their own."""
    if value is None or isinstance(value, Split):
        return value
    if not isinstance(value, Mapping) or value.get("by") not in KEYS:
        raise ValueError(f"needs to say by what; one of {', '.join(_EXAMPLES.values())}")
    by = str(value["by"])
    given = {key: one for key, one in value.items() if key != "by" and one not in (None, "", (), [], 0)}
    if value.get("separator") == "keep" and "separator" not in KEYS[by]:
        del given["separator"]  # as a Split has it that is read again
    if wrong := list(_wrong(by, given)):
        raise ValueError("; ".join(wrong))
    codes = given.get("codes", ())
    return Split(
        by=value["by"],
        pattern=str(given.get("pattern", "")),
        codes=tuple(_code(code) for code in ([codes] if isinstance(codes, str | int) else codes)),
        every=int(given.get("every", 0)),
        separator=given.get("separator", "keep"),
    )


def _wrong(by: str, given: Mapping[str, Any]) -> Iterator[str]:
    for key in given:
        if key not in KEYS[by]:
            close = difflib.get_close_matches(str(key), KEYS[by], n=1)
            known = f"did you mean {close[0]}?" if close else f"by: {by} knows {', '.join(KEYS[by])}"
            yield f"{key!r} does not belong here; {known}"
    if given.get("separator", "keep") not in ("keep", "drop"):
        yield "separator needs to be keep or drop"
    if by == "barcode":
        yield from _wrong_pattern(given.get("pattern"))
    if by == "patch" or "codes" in given:
        codes = given.get("codes", ())
        listed = [codes] if isinstance(codes, str | int) else codes
        if not isinstance(listed, list | tuple) or not listed or any(_code(code) not in PATCH_CODES for code in listed):
            yield f"codes needs to list which patch codes separate, of {', '.join(PATCH_CODES)}: {_EXAMPLES['patch']}"
    if by == "pages":
        every = given.get("every")
        if type(every) is not int or every < 1:
            yield f"every needs to be a whole number of pages, at least 1: {_EXAMPLES[by]}"


def _wrong_pattern(pattern: object) -> Iterator[str]:
    if not isinstance(pattern, str):
        yield (
            "by: barcode needs pattern: a regular expression that the whole value of a barcode has to match, so that "
            f"barcodes on an invoice part nothing: {_EXAMPLES['barcode']}; pattern: '.*' takes every barcode"
        )
        return
    try:
        re.compile(pattern)
    except re.error as e:
        yield f"pattern is no regular expression: {e}"


def _code(code: object) -> str:
    name = str(code).strip().upper()
    return _ROMAN.get(name, name)


def _group(value: object) -> object:
    """Take a mapping; ValueError that says all that is wrong with it, as its keys have no lines of their own."""
    if value is None or isinstance(value, Grouping):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"needs to say within_s and pattern: {GROUP_EXAMPLE}")  # noqa: TRY004 -- pydantic knows no other
    if wrong := list(_wrong_group(value)):
        raise ValueError("; ".join(wrong))
    return Grouping(float(value["within_s"]), value["pattern"])


def _wrong_group(value: Mapping[str, Any]) -> Iterator[str]:
    for key in value:
        read_again = key == "collate" and value[key] is False  # as a Grouping has it
        if key not in GROUP_KEYS and not read_again:
            close = difflib.get_close_matches(str(key), GROUP_KEYS, n=1)
            known = f"did you mean {close[0]}?" if close else f"a group knows {' and '.join(GROUP_KEYS)}"
            yield f"{key!r} does not belong here; {known}"
    within_s = value.get("within_s")
    if isinstance(within_s, bool) or not isinstance(within_s, int | float) or not 0 < within_s <= MAX_WITHIN_S:
        yield f"within_s needs to be seconds, above 0 and at most {MAX_WITHIN_S:.0f}: {GROUP_EXAMPLE}"
    yield from _wrong_file_pattern(value.get("pattern"))


def _wrong_file_pattern(pattern: object) -> Iterator[str]:
    if not isinstance(pattern, str) or not pattern:
        yield (
            "pattern is missing: a regular expression for whole file names whose first group tells the documents "
            rf"apart, such as '(.+)_\d+', or {SUBFOLDER}"
        )
        return
    if pattern == SUBFOLDER:
        return
    try:
        groups = re.compile(pattern).groups
    except re.error as e:
        yield f"pattern is no regular expression: {e}"
        return
    if not groups:
        yield (
            f"pattern {pattern!r} has no group that tells the documents apart, so that all files would be one; put "
            r"what the files of a document have in common in brackets: '(.+)_\d+' makes one of scan_001.jpg and "
            "scan_002.jpg"
        )


def _name(value: str) -> str:
    parse(value)
    return value


def template_of(output_name: str | None) -> Template | None:
    """Return the pattern of a checked ``output_name``."""
    return None if output_name is None else parse(output_name)


GroupRule = Annotated[Grouping | None, BeforeValidator(_group)]
SplitRule = Annotated[Split | None, BeforeValidator(_split)]
NamePattern = Annotated[str, AfterValidator(_name)]
