"""``scanmend check``: whether everything is there that the configuration needs, and how to fix what is wrong."""

import errno
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path

import typer

from scanmend.commands import systemd_unit
from scanmend.config.environment import PREFIX, mistaken, overriding
from scanmend.config.glossary_file import read as read_glossary
from scanmend.config.permissions import exposures
from scanmend.config.schema import Config, Executor, Folder
from scanmend.control.client import NAME
from scanmend.control.http.auth import Token
from scanmend.control.http.sockets import MAX_PATH_BYTES
from scanmend.error_codes.codes import with_code
from scanmend.errors import ConfigError, ModelError, OcrError, ScanmendError, StorageError, WorkersAway
from scanmend.fs import password_file
from scanmend.fs.safe_open import CLAIMS
from scanmend.intake.presence import daemon_mark, others, sentence
from scanmend.language.installed import AUTO, FALLBACK, auto_languages, installed_languages, remedy, tesseract_version
from scanmend.ledger.ledger import Ledger
from scanmend.llm.remote.probe import look
from scanmend.llm.scheduler.model_process import engine_missing
from scanmend.llm.store.store import Store, is_downloadable
from scanmend.notify import addresses, host
from scanmend.notify.privacy import scheme
from scanmend.pageworkers import archival
from scanmend.pageworkers.remote.cluster import ClusterSettings
from scanmend.pageworkers.remote.cluster import missing as dask_missing
from scanmend.pageworkers.remote.probe import Found
from scanmend.pageworkers.remote.probe import look as look_at_cluster
from scanmend.pageworkers.remote.versions import differences, lacks
from scanmend.pageworkers.remote.versions import own as own_versions
from scanmend.second_reader.symbols import unsupported
from scanmend.second_reader.weights import missing as weights_missing

KIND = "check"
"""Code of points that have none of their own (``error_codes``)."""
LOW_SPACE_MIB = 500
"""Less free space than this is worth a warning."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was checked."""

    what: str
    """The thing, such as ``invoices: outbox``."""
    ok: bool
    found: str
    """What was found, and where it is wrong, what to do."""
    warning: bool = False
    """Where ``ok`` is false: whether the daemon can run all the same."""


def run(config: Config) -> None:
    """Print all points; exit code 1 when one of them keeps the daemon from working."""
    broken = 0
    for point in points(config):
        broken += not point.ok and not point.warning
        mark = "ok     " if point.ok else "warning" if point.warning else "FAILED "
        typer.echo(f"{mark}  {point.what}: {point.found if point.ok else with_code(point.found, KIND)}")
    if broken:
        typer.echo(f"{broken} point(s) to fix")
        raise typer.Exit(1)


def points(config: Config) -> Iterator[Point]:
    """Check everything, one point after the other: permissions, Tesseract, folders, models."""
    yield Point("configuration", ok=True, found=f"{config.source}: {len(config.folders)} folder(s)")
    if variables := overriding(os.environ):
        yield Point("environment", ok=True, found=f"overrides the file: {', '.join(variables)}")
    if wrong := mistaken(os.environ, Config.model_fields):
        found = f"{', '.join(wrong)}: overrides nothing; write {PREFIX} and the keys, with two underscores between them"
        yield Point("environment", ok=False, found=found, warning=True)
    yield from (Point(e.what, ok=False, found=e.found, warning=not e.refused) for e in exposures(config))
    yield from _tesseract(config)
    if config.executor is not None:
        yield from _executor(config, config.executor)
    yield from _reachable(config)
    yield from _writable("state_dir", config.state_dir)
    yield from _space("state_dir", config.state_dir)
    for folder in config.folders:
        yield from _folder(folder, config.state_dir)
    models = sorted({f.model for f in config.folders if f.strategy != "off"})
    if any(config.models[name].endpoint is None for name in models) and (why := engine_missing()):
        without = "until then, scans come out as the two readers have them, and no model is asked"
        yield Point("llama.cpp", False, f"{why}; {without}", warning=True)
    for name in models:
        yield from _model(config, name)
    if config.metrics.textfile is not None:
        yield from _writable("metrics: textfile", config.metrics.textfile.parent)
    if config.notify.wanted:
        yield from _notify(config)


def _reachable(config: Config) -> Iterator[Point]:
    """Whether commands and people reach the daemon: the path of its socket, and the token of the web page."""
    path = config.state_dir / NAME
    if (length := len(os.fsencode(path))) > MAX_PATH_BYTES:
        found = f"{path} has {length} bytes, a socket's path at most {MAX_PATH_BYTES}; give state_dir a shorter one"
        yield Point("control socket", False, f"{found}, unless systemd makes a runtime folder", warning=True)
    if config.web is not None and config.web.token_file is not None:
        try:
            Token(config.web.token_file)
            yield Point("web: token_file", True, str(config.web.token_file))
        except ConfigError as e:
            yield Point("web: token_file", False, str(e))


def _tesseract(config: Config) -> Iterator[Point]:
    try:
        have = installed_languages()
        yield Point("tesseract", True, tesseract_version())
    except OcrError as e:
        yield Point("tesseract", False, str(e))
        return
    asked = {language for f in config.folders for language in f.languages}
    if "auto" in asked:
        among = auto_languages(have)
        fix = f"chooses among {', '.join(among)}" if among else f"nothing to choose from; {remedy([FALLBACK])}"
        yield Point("languages: auto", bool(among), fix)
    for language in sorted(asked - {"auto"}):
        fix = "installed" if language in have else f"Tesseract does not have it; {remedy([language])}"
        yield Point(f"language {language}", language in have, fix)


def _executor(config: Config, executor: Executor) -> Iterator[Point]:
    """Whether the machines that read pages can be reached, and what each has; and that scans go there."""
    if executor.leaves_machine:
        where = f"scans leave this machine, encrypted, for the workers of {executor.dask}"
        yield Point("executor: privacy", True, where)
        if systemd_unit.show().get("PrivateNetwork") == "yes":
            found = (
                "the service has no network, so no scheduler is within its reach; put systemd/endpoint.conf in place"
            )
            yield Point("executor: network", False, f"{found} (docs/scale.md)", warning=True)
    if why := dask_missing():
        yield Point("executor", False, why)
        return
    try:
        workers = look_at_cluster(ClusterSettings.of(executor))
    except WorkersAway as e:
        yield Point("executor", False, str(e))
        return
    fit = [one for one in workers if not one.unfit]
    found = f"{executor.dask}: {len(fit)} worker(s), which read {sum(one.seat.threads for one in fit)} page(s) at once"
    fix = "" if fit else "; no page is read until there is one: start some (docs/scale.md)"
    yield Point("executor", bool(fit), f"{found}{fix}")
    asked = sorted({language for f in config.folders for language in f.languages} - {"auto"})
    for one in workers:
        yield _dask_worker(one, asked)


def _dask_worker(one: Found, asked: Sequence[str]) -> Point:
    """Whether a worker can read what the folders want, and whether it reads with the same as this machine."""
    what = f"executor: worker {one.versions.host if one.versions else one.seat.name}"
    if one.versions is None or one.unfit:
        return Point(what, False, f"{one.seat.address} {one.unfit}", warning=True)
    has = one.versions
    names = ", ".join(sorted(has.languages))
    said = (
        f"{one.seat.address}, Tesseract {has.tesseract}, second reader on {has.reader or 'nothing'}, languages {names}"
    )
    if lacking := lacks(has, asked):
        return Point(what, False, f"{said}; it lacks {', '.join(lacking)}: {remedy(lacking)}", warning=True)
    if differs := differences(has, own_versions(), asked or None):
        return Point(what, False, f"{said}; other than here: {', '.join(differs)}; install the same", warning=True)
    return Point(what, True, said)


def _folder(folder: Folder, state_dir: Path) -> Iterator[Point]:
    wanted = {"inbox": folder.inbox, "outbox": folder.outbox, "quarantine": folder.quarantine}
    if folder.original == "archive":
        wanted["archive"] = folder.archive
    for key, path in wanted.items():
        yield from _writable(f"{folder.name}: {key}", path)
    yield from _space(f"{folder.name}: outbox", folder.outbox)
    if folder.original == "archive" and _device(folder.inbox) != _device(folder.archive):
        found = f"{folder.archive} is on another file system than the inbox: slower, as sources are copied there"
        yield Point(f"{folder.name}: same file system", False, found, warning=True)
    else:
        found = "archiving is a rename" if folder.original == "archive" else "sources are not archived"
        yield Point(f"{folder.name}: same file system", True, found)
    if folder.output_mode or folder.output_group:
        yield _access(f"{folder.name}: output_mode and output_group", folder)
    if folder.second_reader != "off":
        yield _second_reader(f"{folder.name}: second_reader", folder.languages)
    if folder.glossary is not None:
        yield _glossary(f"{folder.name}: glossary", folder.glossary)
    if folder.passwords is not None:
        yield _passwords(f"{folder.name}: passwords", folder.passwords)
    if folder.pdf and folder.pdf.archival:
        yield _archival(f"{folder.name}: pdf", folder.outputs, archival.validator_of(folder.pdf.validator))
    claims = folder.inbox / CLAIMS
    if claims.exists() and _device(claims) != _device(folder.inbox):
        yield Point(f"{folder.name}: claims", False, f"{claims} must be on the inbox's file system; unmount it")
    yield from _claims_of_others(folder, state_dir)


def _claims_of_others(folder: Folder, state_dir: Path) -> Iterator[Point]:
    """Files that other daemons claimed: normal while these run; of one that never comes back they would stay there.

    Claims that the ledger has are this daemon's, though the machine had another name when they were made.
    """
    path = state_dir / "ledger.sqlite"
    try:
        with closing(Ledger(path, read_only=True)) if path.exists() else nullcontext() as ledger:
            found = others(
                folder,
                daemon_mark(state_dir),
                time.time(),
                lambda id_: ledger is not None and ledger.get(id_) is not None,
            )
    except StorageError as e:
        yield Point("ledger", False, str(e))
        return
    except OSError as e:
        yield Point(f"{folder.name}: claims", False, f"{folder.inbox / CLAIMS} cannot be looked into: {e.strerror}")
        return
    for other in found:
        if other.claims:
            gone = other.state != "works"
            yield Point(f"{folder.name}: claims of others", not gone, sentence(other, folder.name), warning=gone)


def _access(what: str, folder: Folder) -> Point:
    """Whether a file in the outbox can get the mode and group of ``output_mode`` and ``output_group``: it is tried."""
    try:
        with tempfile.NamedTemporaryFile(prefix=".scanmend-", suffix=".part", dir=nearest(folder.outbox)) as file:
            folder.output_access.grant(file.fileno())
    except (OSError, StorageError) as e:
        return Point(what, False, str(e))
    return Point(what, True, f"{folder.output_mode or 'by the umask'}, {folder.output_group or 'as the outbox has it'}")


def _second_reader(what: str, languages: Sequence[str]) -> Point:
    if unread := unsupported(languages):
        found = f"off: it cannot read {', '.join(unread)}; set second_reader: off to have this line gone"
        return Point(what, False, found, warning=True)
    if why := weights_missing():
        return Point(what, False, why, warning=True)
    return Point(what, True, "reads doubtful lines" if languages != AUTO else "reads what is in a language it knows")


def _glossary(what: str, path: Path) -> Point:
    try:
        count = len(read_glossary(path))
    except ValueError as e:  # gone since the configuration was read
        return Point(what, False, str(e))
    if not count:
        return Point(what, False, f"{path}: no entries; write one a line", warning=True)
    return Point(what, True, f"{path}: {count} entries")


def _passwords(what: str, path: Path) -> Point:
    """How many passwords there are; none of them is shown."""
    try:
        count = len(password_file.read(path))
    except ValueError as e:  # gone, or opened to others, since the configuration was read
        return Point(what, False, str(e))
    if not count:
        return Point(what, False, f"{path}: no passwords; write one a line", warning=True)
    return Point(what, True, f"{path}: {count} password(s)")


def _archival(what: str, outputs: Sequence[str], validator: Sequence[str]) -> Point:
    """Whether archival PDFs can be made, and who looks at them."""
    if why := archival.missing():
        return Point(what, False, f"{why}; until then, no pdf output is archival", warning=True)
    if "pdf" not in outputs:
        found = "archival: true has no effect, as pdf is not among outputs; add it there"
        return Point(what, False, found, warning=True)
    if validator and shutil.which(validator[0]) is None:
        found = f"there is no program {validator[0]}, so no pdf output is archival; install it, or correct its name"
        return Point(what, False, found, warning=True)
    by = f"pikepdf and {Path(validator[0]).name}" if validator else "pikepdf alone, as veraPDF is not installed"
    return Point(what, True, f"{archival.CONFORMANCE} where the source allows it, checked by {by}")


def _writable(what: str, path: Path) -> Iterator[Point]:
    """Whether files can be made in a folder: it is tried, as permission bits mean little on network file systems."""
    try:
        path.stat()
    except OSError as e:
        if e.errno in (errno.ENAMETOOLONG, errno.ELOOP):
            yield Point(what, False, f"{path} cannot be a folder ({e.strerror}); choose another")
            return
    there = nearest(path)
    if not there.is_dir():
        yield Point(what, False, f"{there} is not writable: it is a file; remove it, or choose another folder")
        return
    try:
        with tempfile.NamedTemporaryFile(prefix=".scanmend-", suffix=".part", dir=there):
            pass
    except OSError as e:
        full = e.errno in (errno.ENOSPC, errno.EDQUOT)
        fix = "make room" if full else f"give {_me()} write permission there, or choose another folder"
        yield Point(what, False, f"{there} is not writable ({e.strerror}); {fix}")
        return
    yield Point(what, True, f"{path}" if there == path else f"{path} will be created")


def _space(what: str, path: Path) -> Iterator[Point]:
    free = shutil.disk_usage(nearest(path)).free >> 20
    if free < LOW_SPACE_MIB:
        yield Point(f"{what}: space", False, f"only {free} MiB are free at {path}; make room", warning=True)


def _model(config: Config, name: str) -> Iterator[Point]:
    spec, store = config.models[name], Store(config.models_dir)
    if spec.endpoint:
        yield from _endpoint(config, name)
        return
    try:
        found = store.find(name, spec)
        if found is None and is_downloadable(spec):
            yield Point(f"model {name}", True, f"will be downloaded from {spec.repo_id} into {config.models_dir}")
            yield from _writable(f"model {name}: models_dir", config.models_dir)
            return
        found = found or store.obtain(name, spec)
    except ScanmendError as e:
        yield Point(f"model {name}", False, str(e))
        return
    header = found.header
    size = f"{header.parameters / 1e6:.0f}M parameters"
    what = f"{found.path} ({found.source}, {header.architecture}, {header.quantization}, {size})"
    yield Point(f"model {name}", True, what)


def _endpoint(config: Config, name: str) -> Iterator[Point]:
    """Whether the server of a model can be used, what it can do, and that text of scans goes there."""
    what, spec = f"model {name}", config.models[name]
    if spec.leaves_machine:
        open_ = "" if spec.endpoint and spec.endpoint.startswith("https:") else " UNENCRYPTED"
        yield Point(f"{what}: privacy", True, f"text of scans leaves this machine{open_}, for {spec.endpoint}")
        if systemd_unit.show().get("PrivateNetwork") == "yes":
            found = "the service has no network, so the server is out of its reach; put systemd/endpoint.conf in place"
            yield Point(f"{what}: network", False, f"{found} (docs/models.md)", warning=True)
    try:
        found_abilities = look(spec)
    except ModelError as e:
        yield Point(what, False, str(e))
        return
    yield Point(what, True, f"{spec.model} at {spec.endpoint}: {found_abilities.sentence}")
    wanting = [f.name for f in config.folders if f.model == name and f.strategy == "rescore"]
    if wanting and not found_abilities.scores:
        found = f"{', '.join(wanting)} cannot have strategy: rescore with this server; set auto or rewrite"
        yield Point(f"{what}: strategy", False, found)


def _notify(config: Config) -> Iterator[Point]:
    """Whether notifications can be sent, as far as that shows without sending one; addresses are never repeated."""
    try:
        where = addresses.read(config.notify)
    except ConfigError as e:
        yield Point("notify", False, str(e), warning=True)
        return
    wrong = host.problems(where)
    yield from (Point("notify", False, problem, warning=True) for problem in wrong)
    if not wrong:
        yield Point("notify", True, f"{len(where)} address(es): {', '.join(sorted({scheme(one) for one in where}))}")
    file = config.notify.to_file or config.source
    if file.exists() and file.stat().st_mode & stat.S_IROTH:
        found = f"anyone may read the passwords of the addresses in {file}; run: chmod o-r {file}"
        yield Point("notify: secrets", False, found, warning=True)
    if systemd_unit.show().get("PrivateNetwork") == "yes":
        found = "the service has no network, so no notification leaves this machine; put systemd/notify.conf in place"
        yield Point("notify: network", False, f"{found} (docs/monitoring.md)", warning=True)


def nearest(path: Path) -> Path:
    """The path itself, or its nearest ancestor that exists and can be seen."""
    while not os.path.exists(path) and path != path.parent:  # noqa: PTH110 -- Path.exists raises where we may not look
        path = path.parent
    return path


def _device(path: Path) -> int:
    return nearest(path).stat().st_dev


def _me() -> str:
    return f"user id {os.getuid()}"
