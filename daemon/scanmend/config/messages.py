"""Pydantic's errors about the configuration as messages that a person can act on, one line for each key."""

import difflib
from collections.abc import Callable, Collection, Iterator, Sequence

from pydantic_core import ErrorDetails

from scanmend.config.yaml_lines import Lines, Location

_NEEDS = {
    "model_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "tuple_type": "a list",
    "string_type": "text",
    "path_type": "the path of a file or folder",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "literal_error": "{expected}",
    "greater_than": "more than {gt:.15g}",
    "greater_than_equal": "at least {ge:.15g}",
    "less_than": "less than {lt:.15g}",
    "less_than_equal": "at most {le:.15g}",
    "too_short": "a list of one entry at least",
}
"""What a value needs to be, by pydantic's type of error; braces are filled in from the error's context."""


def readable(
    errors: Sequence[ErrorDetails], lines: Lines, keys_beside: Callable[[Location], Collection[str]]
) -> Iterator[str]:
    """One line for each key; an error in ``defaults``, which every folder repeats, is reported once, there.

    ``keys_beside`` returns the keys that are allowed at a location.
    """
    by_key: dict[Location, list[ErrorDetails]] = {}
    for error in errors:
        loc = keys_only(error["loc"])
        if error["type"] == "too_short" and error["input"]:
            continue  # it has entries, but wrong ones, which have errors of their own
        if loc[:1] == ("folders",) and len(loc) > 2:  # noqa: PLR2004
            if loc[:3] not in lines and ("defaults", loc[2]) in lines:
                loc = ("defaults", *loc[2:])
            elif loc[2] in ("archive", "quarantine") and loc[:3] not in lines:
                continue  # they follow from the outbox, and that is missing or wrong itself
        by_key.setdefault(loc, []).append(error)
    for loc, same in by_key.items():
        yield f"{lines.where(*loc)}: {_remedy(same, loc, keys_beside)}"


def keys_only(loc: Location) -> Location:
    """Drop the parts of pydantic's location that name types; after a field's name come only indexes and types."""
    deep = {"models": 3, "folders": 3, "defaults": 2, "metrics": 2, "notify": 2, "executor": 3}.get(
        str(loc[0]) if loc else "", 1
    )
    return loc[:deep] + tuple(part for part in loc[deep:] if isinstance(part, int))


def _remedy(errors: Sequence[ErrorDetails], loc: Location, keys_beside: Callable[[Location], Collection[str]]) -> str:
    """What is wrong with one key, and what it has to be; a key of several types has an error for each of them."""
    kind, value = errors[0]["type"], errors[0]["input"]
    if kind == "extra_forbidden":
        known = sorted(keys_beside(loc))
        close = difflib.get_close_matches(str(loc[-1]), known, n=2)
        return (
            f"unknown key; did you mean {' or '.join(close)}?" if close else f"unknown key; known: {', '.join(known)}"
        )
    if kind == "missing":
        return "missing; add it"
    if kind == "value_error":
        return errors[0]["msg"].removeprefix("Value error, ")
    needs = dict.fromkeys(_needed(e) for e in errors)
    quotes = "; put it in quotes" if kind == "string_type" and isinstance(value, int | float) else ""
    return f"needs to be {', or '.join(needs)} (it is {_described(value)}){quotes}"


def _needed(error: ErrorDetails) -> str:
    needs = _NEEDS.get(error["type"])
    return needs.format_map(error.get("ctx", {})) if needs else error["msg"].removeprefix("Input should be ")


def _described(value: object) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list" if value else "an empty list"
    if value is None or isinstance(value, bool):
        return "empty" if value is None else str(value).lower()
    text = repr(value)
    return text if len(text) < 60 else f"{text[:56]} …"  # noqa: PLR2004 -- enough to find it
