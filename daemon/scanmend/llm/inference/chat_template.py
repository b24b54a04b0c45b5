"""Chat templates: where a model wants the messages, so that nothing in a message passes for the template's own."""

from collections.abc import Callable, Iterator, Mapping

FALLBACK = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n\n{% endfor %}assistant: "
"""For a model that brings no template."""
_SYSTEM, _USER = "\ue000SYSTEM\ue001", "\ue000USER\ue001"


def pieces(render: Callable[[list[dict[str, str]]], str], system: str, user: str) -> Iterator[tuple[str, bool]]:
    """Yield the rendered template in order; with each piece, whether it is the template's own or a message.

    The template is rendered around marks, which are replaced afterwards: what is written like a control token in a
    message stays plain text. A template that knows no system role gets one message of both.
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
