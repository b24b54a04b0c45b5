"""Permissions that are too wide: who else could change what the daemon trusts, or its results, and how to mend that."""

import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scanmend.config.schema import Config, Folder
from scanmend.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Exposure:
    """Something that others may change."""

    what: str
    """The thing, such as ``invoices: outbox``."""
    found: str
    """Who may do what, and what to do about it."""
    refused: bool = False
    """Whether the daemon refuses to start: whoever may change it could run programs, or send documents anywhere."""


def refuse_exposed(config: Config) -> None:
    """Raise ConfigError when the daemon must not start: anyone on this machine could make it do whatever they like."""
    found = [f"{e.what}: {e.found}" for e in exposures(config) if e.refused]
    if found:
        raise ConfigError(found)


def refuse_foreign(path: Path) -> None:
    """Raise ConfigError where another user could have put this file there, or could exchange it before it is read.

    Such a file is taken only when it is named: whoever may write the ledger of its ``state_dir`` has ``scanmend retry``
    move files, and ``scanmend unload`` signal processes, with the rights of the caller.
    """
    for checked, follow in ((path, False), (path, True), (path.parent, True)):
        try:
            found = checked.stat(follow_symlinks=follow)
        except OSError:  # reading it tells why
            continue
        refused = "so it is not read" if checked == path else f"so {path} is not read"
        unless = "unless --config names it"
        if found.st_uid not in (0, os.geteuid()):
            raise ConfigError([f"{checked} belongs to another user (id {found.st_uid}), {refused} {unless}"])
        is_sticky_folder = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
        if found.st_mode & stat.S_IWOTH and not is_sticky_folder and not stat.S_ISLNK(found.st_mode):
            raise ConfigError([f"{checked} may be changed by anyone, {refused} {unless}; {_chmod_remedy(checked)}"])


def exposures(config: Config) -> Iterator[Exposure]:
    """Yield what others may change of the configuration, of what it names, and of the folders."""
    yield from _exposed_file("configuration", config.source)
    if _writable_by_anyone(config.state_dir):
        found = f"anyone may change what is known of documents in {config.state_dir}; {_chmod_remedy(config.state_dir)}"
        yield Exposure("state_dir", found, refused=True)
    if _writable_by_anyone(config.models_dir):
        found = f"anyone may put models into {config.models_dir}; {_chmod_remedy(config.models_dir)}"
        yield Exposure("models_dir", found)
    for name, spec in config.models.items():
        if spec.api_key_file is not None and _mode(spec.api_key_file) & stat.S_IRWXO:
            found = f"anyone may read the key in {spec.api_key_file}; run: chmod o= {spec.api_key_file}"
            yield Exposure(f"model {name}: api_key_file", found, refused=True)
    if config.executor is not None and config.executor.tls is not None:
        key = config.executor.tls.key_file
        if _mode(key) & stat.S_IRWXO:
            found = f"anyone may read the key in {key}, and with it run programs on all workers; run: chmod o= {key}"
            yield Exposure("executor: key_file", found, refused=True)
    for folder in config.folders:
        yield from _folder(folder)


def _folder(folder: Folder) -> Iterator[Exposure]:
    commands = {
        "on_success": folder.on_success,
        "on_failure": folder.on_failure,
        "on_review": folder.on_review,
        "pdf: validator": folder.pdf.validator if folder.pdf else (),
    }
    for key, command in commands.items():
        program = shutil.which(command[0]) if command else None
        if program is not None:
            yield from _exposed_file(f"{folder.name}: {key}", Path(program))
    if folder.glossary is not None:
        opened = _exposed_file(f"{folder.name}: glossary", folder.glossary)
        yield from (replace(one, refused=False) for one in opened)  # it decides on words, and on nothing else
    if folder.passwords is not None:
        opened = _exposed_file(f"{folder.name}: passwords", folder.passwords)
        yield from (replace(one, refused=False) for one in opened)  # it decides which scans can be read, no more
    if _writable_by_anyone(folder.inbox, unless_sticky=True):
        found = f"anyone may take away or exchange the scans of others in {folder.inbox}; run: chmod +t {folder.inbox}"
        yield Exposure(f"{folder.name}: inbox", found)
    if _writable_by_anyone(folder.inbox) and any(commands.values()):
        found = f"they get names and texts that anyone may choose, by dropping scans; {_chmod_remedy(folder.inbox)}"
        yield Exposure(f"{folder.name}: commands", found)
    for key in ("outbox", "archive", "quarantine"):
        path: Path = getattr(folder, key)
        if _writable_by_anyone(path, unless_sticky=True):
            found = f"anyone may exchange or remove what is in {path}; {_chmod_remedy(path)}"
            yield Exposure(f"{folder.name}: {key}", found)


def _exposed_file(what: str, path: Path) -> Iterator[Exposure]:
    """A file that decides what the daemon does: others must be able to change neither it nor the folder it lies in."""
    for checked in (path, Path(os.path.realpath(path)).parent):
        try:
            mode = checked.stat().st_mode
        except OSError:  # other checks report what is not there
            continue
        if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
            continue
        if mode & stat.S_IWOTH:
            yield Exposure(what, f"{checked} may be changed by anyone; {_chmod_remedy(checked)}", refused=True)
        elif mode & stat.S_IWGRP and not stat.S_ISDIR(mode):
            yield Exposure(what, f"{checked} may be changed by its group; run: chmod go-w {checked}")


def _writable_by_anyone(path: Path, *, unless_sticky: bool = False) -> bool:
    """Whether anyone on this machine may make and remove files there."""
    mode = _mode(path)
    return bool(mode & stat.S_IWOTH) and not (unless_sticky and mode & stat.S_ISVTX)


def _mode(path: Path) -> int:
    """The permissions of what is there; 0 for what is not, which other checks report."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _chmod_remedy(path: Path) -> str:
    return f"run: chmod o-w {path}"
