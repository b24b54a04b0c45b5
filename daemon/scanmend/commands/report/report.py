"""The report: all sections on one page; a section that fails says so, and what is secret is taken out at the end."""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from scanmend.commands import systemd_unit
from scanmend.commands.report import machine, settings, state
from scanmend.config.schema import Config
from scanmend.errors import ConfigError, ScanmendError
from scanmend.notify import addresses
from scanmend.notify.privacy import without, without_addresses, without_homes, without_names
from scanmend.process.child import SECRETS

HEADING = "For whoever helps you. It names folders and models of the configuration, but no scan, and nothing secret."


def text(config: Config | ConfigError) -> str:
    """Return the page; ``config`` may be why there is none that could be used."""
    parts = [f"# scanmend report, {time.strftime('%Y-%m-%d %H:%M %z')}", HEADING]
    parts += _section("Machine", machine.lines)
    parts += _section("Programs", machine.programs)
    parts += _section("GPU", machine.gpus)
    parts += _section("Limits", machine.limits)
    parts += _section("systemd", systemd_unit.lines)
    if isinstance(config, ConfigError):
        parts += _section("Configuration: cannot be used", lambda: map(_without_values, str(config).splitlines()))
    else:
        parts += _of_config(config)
    whole = without("\n".join(parts), secrets(None if isinstance(config, ConfigError) else config))
    return without_homes(without_addresses(whole))


def _without_values(problem: str) -> str:
    """Return a problem of the configuration without the value that was found; it may stand under a wrong key."""
    return re.sub(r"\(it is ['\"].*?['\"](?: …)?\)", "(it is a text)", problem)


def _of_config(config: Config) -> Iterator[str]:
    yield from _section("Configuration", lambda: settings.lines(config))
    yield from _section("Models", lambda: state.models(config))
    try:
        current, names = state.current_status(config), state.names_of(config)
    except ScanmendError as e:
        why = without_names(str(e))
        yield from _section("Daemon and ledger: cannot be read", lambda: [why])
        return
    yield from _section("Daemon", lambda: state.daemon(current, names))
    yield from _section("Folders", lambda: state.folders(config, current, names))
    yield from _section("Documents", lambda: state.ledger(current))
    yield from _section("Last errors", lambda: state.errors(current, names))
    yield from _section("Check", lambda: state.checks(config, names))


def _section(title: str, lines: Callable[[], Iterable[str]]) -> Iterator[str]:
    """Yield a heading and lines; what cannot be found out is no reason to tell nothing else."""
    yield f"\n## {title}"
    try:
        yield from (f"- {line}" for line in lines())
    except Exception as e:  # noqa: BLE001 -- the report is asked for when something is broken, and what, nobody knows
        yield f"- cannot be told: {type(e).__name__}: {e}"


def secrets(config: Config | None) -> set[str]:
    """Return all that this machine knows and nobody else may: tokens, and addresses of notifications in parts."""
    found = {os.environ[name] for name in SECRETS if os.environ.get(name)}
    home = os.environ.get("HF_HOME") or "~/.cache/huggingface"
    files = [Path(os.environ.get("HF_TOKEN_PATH") or f"{home}/token")]
    if config is not None:
        web = getattr(config, "web", None)
        files += [path for path in [getattr(web, "token_file", None)] if path is not None]
        try:
            for address in addresses.read(config.notify):
                found |= {address, *_parts(address)}
        except ConfigError:  # then there are none to hide
            found |= set()
    for file in files:
        try:
            found |= set(file.expanduser().read_text("utf-8", "replace").split())
        except (OSError, RuntimeError):  # not there, or not for us
            continue
    return found


def _parts(address: str) -> Iterator[str]:
    """Yield what of an address may be secret, as it is written and as it is meant: all but the scheme and the host."""
    try:
        url = urlsplit(address)
    except ValueError:
        return
    parts = [url.username, url.password, *url.path.split("/"), *(value for _, value in parse_qsl(url.query))]
    for part in parts:
        if part:
            yield from (part, unquote(part))
