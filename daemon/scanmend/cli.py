"""The commands; the only place that builds the objects and wires the signals."""

import errno
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from scanmend import __version__
from scanmend.commands import models
from scanmend.commands.options import (
    INTERRUPTED,
    USAGE,
    ConfigFile,
    MaybeConfigFile,
    configuration,
    fail,
    log_to_stderr,
)
from scanmend.config.load import load
from scanmend.config.permissions import refuse
from scanmend.config.schema import Config, Settings, ad_hoc
from scanmend.errors import ConfigError, ScanmendError, StorageError
from scanmend.jobs.pipeline import Pipeline
from scanmend.llm.scheduler.layer_history import LayerHistory
from scanmend.llm.scheduler.model_process import Effects
from scanmend.llm.scheduler.model_slot import ModelSlot
from scanmend.llm.scheduler.state import policy_of
from scanmend.llm.store.last_used import LastUsed
from scanmend.llm.store.store import Store
from scanmend.pageworkers.pool import PagePool

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(models.app, name="models")

FolderName = Annotated[str | None, typer.Option("--folder", help="Use the settings of this folder.")]


@app.command()
def run(config: ConfigFile) -> None:
    """Watch the folders and work, in the foreground, until SIGTERM. SIGHUP reads the configuration again."""
    from scanmend.service.service import Service  # noqa: PLC0415 -- only the daemon needs it

    log_to_stderr()
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # what another command sends early must not end us
    loaded = load(config)
    refuse(loaded)
    service = Service(loaded, _pool, _slot)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.request_stop())
    signal.signal(signal.SIGHUP, lambda *_: service.request_reload())
    signal.signal(signal.SIGUSR1, lambda *_: service.ring())
    signal.signal(signal.SIGUSR2, lambda *_: service.request_unload())
    service.run()


@app.command()
def process(
    files: Annotated[list[Path], typer.Argument(help="Scans: PDF, TIFF, PNG, JPEG, BMP, WebP, GIF.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; created when missing.")],
    config: MaybeConfigFile = None,
    folder: FolderName = None,
) -> None:
    """Process files once, without a daemon. Exit code 0 when all are done, 1 when some failed."""
    from scanmend.commands import process, progress  # noqa: PLC0415 -- the daemon needs neither

    log_to_stderr(level=logging.WARNING)
    settings, name, loaded = _settings(config, folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        fail(f"{out} cannot be made: {e.strerror}", USAGE)
    _bring(loaded, settings)
    failures = 0
    with _workshop(loaded) as pipeline, progress.bar(files) as shown:
        for outcome in process.process(files, out, name, settings, pipeline, shown.advance):
            shown.finish(outcome.source, outcome.error, outcome.written)
            failures += bool(outcome.error)
    if failures:
        raise typer.Exit(1)


@app.command()
def correct(
    config: MaybeConfigFile = None,
    folder: FolderName = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Rows {"id", "ocr", …} in, the same with "corrected" and "edits" out.')
    ] = False,
) -> None:
    """Correct text from stdin to stdout."""
    from scanmend.commands import process  # noqa: PLC0415 -- the daemon does not need it

    log_to_stderr(level=logging.WARNING)
    settings, _, loaded = _settings(config, folder)
    for stream in (sys.stdin, sys.stdout):  # line ends stay what they are
        stream.reconfigure(encoding="utf-8", errors="replace", newline="")  # type: ignore[union-attr]
    _bring(loaded, settings)
    slot = _slot(loaded)
    try:
        if jsonl:
            for row in process.correct_rows(sys.stdin, slot, settings):
                sys.stdout.write(row + "\n")
                sys.stdout.flush()
        else:
            with slot.lease(settings.model) if settings.strategy != "off" else nullcontext() as lease:
                text, _ = process.correct_text(sys.stdin.read(), lease, settings)
            sys.stdout.write(text)
            sys.stdout.flush()
    finally:
        slot.stop()


@app.command()
def check(config: ConfigFile) -> None:
    """Check configuration and environment, and say how to fix what is wrong. Exit code 1 when something is."""
    from scanmend.commands.check import check as look  # noqa: PLC0415 -- only this command needs it

    broken = 0
    for point in look(load(config)):
        broken += not point.ok and not point.warning
        mark = "ok     " if point.ok else "warning" if point.warning else "FAILED "
        typer.echo(f"{mark}  {point.what}: {point.found}")
    if broken:
        typer.echo(f"{broken} point(s) to fix")
        raise typer.Exit(1)


@app.command()
def status(
    config: ConfigFile,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Say what is waiting, in work, done and failed, and what the model does."""
    from scanmend.commands import status  # noqa: PLC0415 -- only this command needs it

    told = status.status(load(config, glossaries=False))
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else status.as_text(told))


@app.command()
def retry(
    config: ConfigFile,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of quarantined documents, as status lists them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All quarantined documents.")] = False,
) -> None:
    """Return quarantined documents to work; a running daemon takes them up at once.

    Also claims of another daemon that will never run again, by the ids that check tells.
    """
    from scanmend.commands import status  # noqa: PLC0415 -- only this command needs these
    from scanmend.jobs.quarantine import give_back  # noqa: PLC0415
    from scanmend.jobs.recover import ClaimRecovery  # noqa: PLC0415
    from scanmend.ledger.ledger import Ledger  # noqa: PLC0415
    from scanmend.service.lock import running_pid, signal_daemon  # noqa: PLC0415

    if bool(ids) == every:
        fail("name ids, or give --all", USAGE)
    loaded = load(config, glossaries=False)
    path = loaded.state_dir / "ledger.sqlite"
    if running_pid(loaded.state_dir) is None and not path.exists():  # whoever made it now would own it
        fail(f"{path} is not there: no daemon has run with this configuration yet", 1)
    ledger = Ledger(path)
    returned = 0
    try:
        taken = ClaimRecovery(ledger).take_over(loaded.folders, ids or [])
        for id_ in sorted(taken):
            typer.echo(f"{id_}: taken over from another daemon")
        entries = status.failed(ledger, [i for i in ids or [] if i not in taken], every=every)
        for entry in entries:
            try:
                same = next((f for f in loaded.folders if f.inbox == entry.inbox), None)
                give_back(ledger, entry, same or loaded.folder(entry.folder))
            except (ConfigError, StorageError) as e:  # the folder may be gone from the configuration
                typer.echo(str(e), err=True)
            else:
                returned += 1
                typer.echo(f"{entry.id}: back to work")
    finally:
        ledger.close()
    pid = running_pid(loaded.state_dir)
    if pid is not None and (returned or taken):
        signal_daemon(pid, signal.SIGUSR1)
    typer.echo(f"{returned} returned" + ("" if pid else "; no daemon runs now, the next one takes them up"))
    if returned < len(entries):
        raise typer.Exit(1)


@app.command()
def unload(
    config: ConfigFile,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for documents in work.")] = 20.0,
) -> None:
    """Have the running daemon end its models' processes now. Exit code 1 when one is in use for longer than --wait."""
    from scanmend.commands.unload import unload as signal_daemon  # noqa: PLC0415 -- only this command needs it

    done, said = signal_daemon(load(config, glossaries=False), wait)
    typer.echo(said)
    if not done:
        raise typer.Exit(1)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Mend what OCR breaks: watch scanner folders and write corrected text."""
    if version:
        typer.echo(f"scanmend {__version__}")
        raise typer.Exit


def main() -> None:
    """Run, and turn our own errors into one readable message and their exit code."""
    _open_streams()
    try:
        app()
    except ConfigError as e:
        for problem in e.problems:
            sys.stderr.write(f"scanmend: {problem}\n")
        sys.exit(e.exit_code)
    except ScanmendError as e:
        fail(str(e), e.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as e:
        if e.filename is not None or e.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        sys.stdout = None  # Python would try to write the rest, and complain
        fail(f"the output cannot be written: {e.strerror}", 1)


def _open_streams() -> None:
    """Have something in the place of streams that the caller closed, as their numbers would go to other files."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 -- for as long as we live


def _settings(path: Path | None, folder: str | None) -> tuple[Settings, str, Config]:
    """Return the settings a one-shot command goes by, their name, and the configuration."""
    if path is None and folder is not None:
        fail("--folder needs --config", USAGE)
    config = configuration(path)
    settings = config.folder(folder) if folder else ad_hoc(config, Path.cwd())
    if settings.strategy != "off" and settings.model not in config.models:
        raise ConfigError([f"{config.source}: defaults.model: no model is named {settings.model!r}"])
    return settings, settings.name, config


def _bring(config: Config, settings: Settings) -> None:
    """Have the model here before one-shot work begins; a download says how far it is, whatever else stays quiet."""
    if settings.strategy != "off":
        log_to_stderr()
        models.ensure_present(config, settings.model)
        log_to_stderr(level=logging.WARNING)


def _pool(config: Config, work: Path | None = None) -> PagePool:
    return PagePool(config.workers or len(os.sched_getaffinity(0)), work or config.state_dir / "work")


def _slot(config: Config, **wiring: Any) -> ModelSlot:
    file_used = LastUsed(config.state_dir / models.USES).note
    effects = Effects(history=LayerHistory(config.state_dir / "gpu_layers.json"), file_used=file_used, **wiring)
    return ModelSlot(config.models, Store(config.models_dir), policy_of(config), effects)


@contextmanager
def _workshop(config: Config) -> Iterator[Pipeline]:
    """Pool and slot for one-shot work; every child is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="scanmend-") as work:
        pool, slot = _pool(config, Path(work)), _slot(config)
        try:
            yield Pipeline(pool, slot)
        finally:
            pool.close()
            slot.stop()


if __name__ == "__main__":
    main()
