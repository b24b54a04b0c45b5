"""The templates of the page: every value put in is escaped, and a name that is missing is an error."""

from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from scanmend.document import local_iso, printable
from scanmend.web.assets import address

SHORT_S = 90.0
"""Below that, a length of time is told in seconds, as minutes would say too little."""
MINUTES_PER_HOUR = 60
KIB = 1024.0
TEN = 10.0
"""From here on a size is told without a decimal, as nobody reads it."""


def render(name: str, /, **values: Any) -> bytes:
    """Return a template as UTF-8."""
    return _environment().get_template(name).render(**values).encode("utf-8", "replace")


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("scanmend.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_encodable,
    )
    env.filters |= {"when": when, "duration": duration, "size": size, "count": count}
    env.filters |= {"iso": local_iso, "name": printable}
    env.globals["static"] = address
    return env


def _encodable(value: object) -> object:
    """Escape lone surrogates, which stand for bytes that are not UTF-8 and which no page can hold."""
    plain = type(value) is str  # Markup is ours, and has none
    return value.encode("utf-8", "backslashreplace").decode() if plain and isinstance(value, str) else value


def duration(seconds: float) -> str:
    """Return a length of time as people say it: ``0.4 s``, ``40 s``, ``12 min``, ``3 h 5 min``."""
    if seconds < SHORT_S:
        return f"{seconds:.1f} s" if 0 < seconds < TEN else f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), MINUTES_PER_HOUR)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def size(count_bytes: float) -> str:
    """Return a number of bytes as people say it: ``812 KiB``, ``3.4 MiB``."""
    amount, units = float(count_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= KIB and len(units) > 1:
        amount /= KIB
        units.pop(0)
    return f"{amount:.1f} {units[0]}" if amount < TEN and units[0] != "B" else f"{amount:,.0f} {units[0]}"


def count(number: int, what: str, many: str = "") -> str:
    """Return ``1 page``, ``12,000 pages``; ``many`` is the plural where no s makes it."""
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def when(moment: str, now: float) -> str:
    """Return a moment (ISO 8601) as people say it: the hour where it is of the same day as ``now``, else the day."""
    then, today = datetime.fromisoformat(moment).astimezone(), datetime.fromtimestamp(now).astimezone()
    if then.date() == today.date():
        return f"{then:%H:%M}"
    return f"{then:%d %b %H:%M}" if then.year == today.year else f"{then:%d %b %Y}"
