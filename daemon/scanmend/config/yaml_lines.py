"""YAML with line numbers: plain values as in YAML 1.2, and the line of each.

PyYAML's own reading is YAML 1.1, in which ``strategy: off`` and ``languages: [no]`` are truth values and
``name: 2024-01-01`` is a date. Here they are text; only ``true`` and ``false`` are truth values.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from scanmend.errors import ConfigError

Location = tuple[str | int, ...]
"""Keys and list indexes from the root to a value: ``("folders", 0, "inbox")``."""

MAX_BYTES = 256 * 1024
"""Largest configuration file that is read."""
MAX_VALUES = 20_000
"""Most values in a file, with every alias written out."""
MAX_DEPTH = 32
"""Deepest nesting of mappings and lists."""

_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_SCALARS: MappingProxyType[str, Callable[[str], Any]] = MappingProxyType(
    {
        f"{_TAG}null": lambda _: None,
        f"{_TAG}bool": lambda text: {"true": True, "false": False}[text.lower()],
        f"{_TAG}int": int,
        f"{_TAG}float": float,
        f"{_TAG}str": str,
    }
)


class _Loader(yaml.SafeLoader):
    """PyYAML's loader with the plain values of YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's attribute


for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(0|[1-9]\d{0,17})", "-+0123456789"),
    ("float", r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(f"(?:{_pattern})\\Z", re.ASCII), [*_first])
_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"\Z"), [""])


class Lines:
    """The line of each key of a file, and problems of its keys that do not depend on what they mean."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at: dict[Location, int] = {}
        self._variables: dict[Location, str] = {}
        self._wrong: dict[yaml.Mark, str] = {}
        self._count = 0

    @property
    def problems(self) -> tuple[str, ...]:
        """One message each for keys that stand twice, keys that are not text, and values that do not fit their tag."""
        return tuple(self._wrong.values())

    def __contains__(self, loc: Location) -> bool:
        return loc in self._at

    def overridden_by(self, variable: str, loc: Location) -> None:
        """Note that the value at this place came from an environment variable."""
        self._variables[loc] = variable
        self._at.setdefault(loc, 0)

    def where(self, *loc: str | int) -> str:
        """``file:line: key``; where the file does not have the key, the line is that of what should have it.

        ``variable: key`` where the value came from an environment variable.
        """
        at = loc
        while at and at not in self._at:
            at = at[:-1]
        for place, variable in self._variables.items():
            if at[: len(place)] == place or (loc not in self._at and place[: len(loc)] == loc):
                return f"{variable}: {dotted(loc)}"
        return f"{self.path}:{self._at.get(at, 1)}: {dotted(loc)}"

    def in_order(self, problems: Iterable[str]) -> list[str]:
        """Sort messages that begin with ``where`` by their line, variables first, without duplicates."""
        start = f"{self.path}:"

        def line(problem: str) -> int:
            return int(problem[len(start) :].partition(":")[0]) if problem.startswith(start) else 0

        return sorted(dict.fromkeys(problems), key=line)

    def build(self, node: yaml.Node, loc: Location = ()) -> Any:
        """Build the plain value of a node, aliases written out, and note the lines and problems of its keys.

        ConfigError when it is nested too deep or has too many values: aliases of aliases can stand for billions.
        """
        self._count_value(node, loc)
        self._at.setdefault(loc, _line(node))
        if isinstance(node, yaml.MappingNode):
            out: dict[str, Any] = {}
            for key, value, own in self._pairs(node, loc):
                if key.value not in out:
                    self._at[*loc, key.value] = _line(key)
                    out[key.value] = self.build(value, (*loc, key.value))
                elif own:
                    first = self._at[*loc, key.value]
                    self._note(key, (*loc, key.value), f"the same key stands in line {first} already; remove one")
            return out
        if isinstance(node, yaml.SequenceNode):
            return [self.build(value, (*loc, i)) for i, value in enumerate(node.value)]
        try:
            return _SCALARS[node.tag](node.value)
        except (LookupError, ValueError):
            self._note(node, loc, f"does not fit its tag {node.tag.replace(_TAG, '!!')}; remove the tag")

    def _pairs(self, node: yaml.MappingNode, loc: Location) -> Iterator[tuple[yaml.ScalarNode, yaml.Node, bool]]:
        """Yield keys and values, and whether they are the mapping's own; last come those that ``<<`` brings in."""
        merged: list[yaml.Node] = []
        for key, value in node.value:
            self._count_value(key, loc)
            if key.tag == _MERGE:
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif isinstance(key, yaml.ScalarNode):
                yield key, value, True
            else:
                self._note(key, loc, "a key needs to be plain text")
        for other in merged:
            self._count_value(other, loc)
            if isinstance(other, yaml.MappingNode):
                yield from ((key, value, False) for key, value, _ in self._pairs(other, loc))
            else:
                self._note(other, loc, "<< takes an alias of a mapping, or a list of such aliases")

    def _count_value(self, node: yaml.Node, loc: Location) -> None:
        self._count += 1
        if self._count > MAX_VALUES or len(loc) > MAX_DEPTH:
            what = f"nested more than {MAX_DEPTH} deep" if len(loc) > MAX_DEPTH else f"more than {MAX_VALUES} values"
            here = f"{self.path}:{_line(node)}: {dotted(loc[:3])}"
            raise ConfigError([f"{here}: {what}, aliases written out; use fewer aliases"])

    def _note(self, node: yaml.Node, loc: Location, what: str) -> None:
        where = f"{dotted(loc)}: " if loc else ""
        self._wrong.setdefault(node.start_mark, f"{self.path}:{_line(node)}: {where}{what}")


def read(path: Path) -> tuple[dict[str, Any], Lines]:
    """Read a file; ConfigError when it cannot be read, is not YAML, or its root is not a mapping."""
    text = _text(path)
    lines = Lines(path)
    try:
        root = yaml.compose(text, Loader=_Loader)
        raw = None if root is None else lines.build(root)
    except yaml.reader.ReaderError as e:
        at = text.count("\n", 0, int(e.position)) + 1
        raise ConfigError([f"{path}:{at}: holds a control character ({e.character:#04x}); remove it"]) from e
    except yaml.MarkedYAMLError as e:
        raise ConfigError([f"{path}{_line_suffix(e)}: not valid YAML: {_explained(e)}"]) from e
    except RecursionError as e:
        raise ConfigError([f"{path}: nested more than {MAX_DEPTH} deep; write it flatter"]) from e
    if raw is None:
        raise ConfigError([f"{path}: empty; start from the config.yaml that scanmend ships"])
    if not isinstance(raw, dict):
        raise ConfigError([f"{path}:1: needs to be a mapping of keys, such as folders: and models:"])
    return raw, lines


def parsed(text: str) -> Any:
    """Return the plain value of a piece of YAML; ConfigError when it is none."""
    lines = Lines(Path("value"))
    try:
        root = yaml.compose(text, Loader=_Loader)
        value = None if root is None else lines.build(root)
    except (yaml.reader.ReaderError, RecursionError) as e:
        raise ConfigError(["not valid YAML"]) from e
    except yaml.MarkedYAMLError as e:
        raise ConfigError([f"not valid YAML: {_explained(e)}"]) from e
    if lines.problems:
        raise ConfigError([problem.split(": ", 1)[1] for problem in lines.problems])
    return value


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError as e:
        raise ConfigError([f"{path}: there is no such file; start from the config.yaml that scanmend ships"]) from e
    except IsADirectoryError as e:
        raise ConfigError([f"{path}: is a folder; name the YAML file in it"]) from e
    except (OSError, ValueError) as e:
        raise ConfigError([f"{path}: cannot be read: {getattr(e, 'strerror', None) or e}"]) from e
    if len(data) > MAX_BYTES:
        raise ConfigError([f"{path}: larger than {MAX_BYTES >> 10} KiB; that is no configuration"])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        at = data.count(b"\n", 0, e.start) + 1
        raise ConfigError([f"{path}:{at}: not UTF-8 (byte {data[e.start]:#04x}); save the file as UTF-8"]) from e


def dotted(loc: Location) -> str:
    """``folders[0].inbox`` for ``("folders", 0, "inbox")``."""
    parts = (f"[{p}]" if isinstance(p, int) else f".{p if p.isprintable() else repr(p)}" for p in loc)
    return "".join(parts).removeprefix(".")


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _line_suffix(e: yaml.MarkedYAMLError) -> str:
    unclosed = "stream" in str(e.problem) and e.context_mark  # tell where it opens, not the end of the file
    mark = e.context_mark if unclosed else e.problem_mark or e.context_mark
    return f":{mark.line + 1}" if mark is not None else ""


def _explained(e: yaml.MarkedYAMLError) -> str:
    problem = str(e.problem or e.context or "unreadable")
    if "'\\t'" in problem:
        return "a tab where YAML allows blanks only; indent with blanks"
    if "another document" in problem:
        return "a second document begins with ---; keep one"
    if "undefined alias" in problem:
        return f"{problem}; define it with & above"
    return f"{problem}; look at the indentation, quotes and brackets here and just above"
