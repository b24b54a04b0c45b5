"""Chat templates: put messages where a model wants them, so that nothing in a message passes for a control token."""

from collections.abc import Callable, Iterator, Mapping

FALLBACK = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n\n{% endfor %}assistant: "
"""Template for a model whose file has none."""
_SYSTEM, _USER = "\ue000SYSTEM\ue001", "\ue000USER\ue001"
"""Marks for the two messages, of characters that no template has."""


def pieces(render: Callable[[list[dict[str, str]]], str], system: str, user: str) -> Iterator[tuple[str, bool]]:
    """Yield the rendered template piece by piece, each with True where it is the template's own, False for a message.

    The template is rendered around marks, which are replaced afterwards, so that text like a control token in a message
    stays plain text. A template without a system role gets one message of both.
    """
    marks = {_SYSTEM: system, _USER: user}
    try:
        rendered = render([{"role": "system", "content": _SYSTEM}, {"role": "user", "content": _USER}])
    except Exception:  # noqa: BLE001 -- templates raise what they like where they know no system role
        rendered = render([{"role": "user", "content": "\n\n".join(marks)}])
    for part in _split(rendered, marks):
        yield marks.get(part, part), part not in marks


def _split(text: str, marks: Mapping[str, str]) -> list[str]:
    """Cut the text around each mark, marks kept, in order."""
    parts = [text]
    for mark in marks:
        parts = [piece for part in parts for piece in _around(part, mark)]
    return [part for part in parts if part]


def _around(text: str, mark: str) -> list[str]:
    before, found, after = text.partition(mark)
    return [before, mark, after] if found else [text]
