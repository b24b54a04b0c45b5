"""The command line: declares the commands, builds the objects they work with, and wires the signals."""

import gc
import signal
import threading

_BREAKABLE = (
    signal.getsignal(signal.SIGINT) is signal.default_int_handler
    and threading.current_thread() is threading.main_thread()
)
if _BREAKABLE:  # Ctrl-C while the modules below are imported, which takes half a second, ends us without a traceback
    signal.signal(signal.SIGINT, signal.SIG_DFL)
_COLLECTED = gc.isenabled()
gc.disable()  # what modules make while they are imported stays for good

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer

from scanmend import __version__
from scanmend.api.processes import model_slot, one_shot_pipeline, page_pool
from scanmend.commands import models
from scanmend.commands.options import (
    INTERRUPTED,
    USAGE,
    ConfigFile,
    OptionalConfigFile,
    configuration,
    fail,
    log_to_stderr,
    one_shot_settings,
)
from scanmend.config.environment import mistaken, overriding
from scanmend.config.permissions import refuse_exposed
from scanmend.config.schema import Config
from scanmend.control.link import Link
from scanmend.error_codes.codes import with_code
from scanmend.errors import ConfigError, ScanmendError, StorageError
from scanmend.llm.scheduler.model_process import engine_missing

if TYPE_CHECKING:
    from scanmend.metrics.metrics import Metrics
    from scanmend.service.service import Service

if _COLLECTED:
    gc.enable()
if _BREAKABLE:
    signal.signal(signal.SIGINT, signal.default_int_handler)

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(models.app, name="models")

FolderName = Annotated[str | None, typer.Option("--folder", help="Use the settings of this folder.")]


@app.command()
def run(config: ConfigFile = None) -> None:
    """Watch the folders and work, in the foreground, until SIGTERM. SIGHUP reads the configuration again."""
    from scanmend.control.daemon_controls import DaemonControls  # noqa: PLC0415 -- only the daemon needs these
    from scanmend.control.http.wiring import control_server, rules_of  # noqa: PLC0415
    from scanmend.metrics.counting import Counting  # noqa: PLC0415
    from scanmend.metrics.metrics import Metrics  # noqa: PLC0415
    from scanmend.notify.notifier import Notifier  # noqa: PLC0415
    from scanmend.service.service import Service  # noqa: PLC0415

    counting = Counting()
    notifier = Notifier(lambda: service.config, lambda: service.latest.status, lambda: service.ledger)
    log_to_stderr(hear=[counting.hear, notifier.hear])
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # what another command sends early must not end us
    log = structlog.get_logger()
    loaded = configuration(config, lambda found: log.info("config.found", path=str(found.path), origin=found.origin))
    refuse_exposed(loaded)
    if variables := overriding(os.environ):
        log.info("config.overridden", variables=list(variables))
    if wrong := mistaken(os.environ, type(loaded).model_fields):
        log.warning("config.not_overridden", variables=wrong, next="two underscores part SCANMEND and each key")
    if why := engine_missing():
        log.warning("model.engine_missing", why=why, next="scans come out as the two readers have them")
    for name, spec in loaded.models.items():
        if spec.endpoint:
            where = {"endpoint": spec.endpoint, "leaves_this_machine": spec.leaves_machine}
            log.info("model.endpoint", model=name, **where, what="text of scans, with the folder's prompt")
    rules = rules_of(loaded)
    service = Service(loaded, page_pool, model_slot)
    controls = DaemonControls(service)
    metrics = Metrics(counting, lambda: service.config, lambda: service.latest.status, service.ledger)
    server = control_server(loaded, controls, rules, metrics.render, lambda: _pages(service, controls), _login_page)
    service.include_troubles(server.troubles)
    for stop in (server.stop, controls.close):
        service.before_stop(stop)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.request_stop())
    signal.signal(signal.SIGHUP, lambda *_: service.request_reload())
    signal.signal(signal.SIGUSR1, lambda *_: service.request_rescan())
    signal.signal(signal.SIGUSR2, lambda *_: service.request_unload())
    signal.set_wakeup_fd(service.signal_fd, warn_on_full_buffer=False)
    if loaded.web is not None:
        controls.start()
    server.start()
    with _textfile(service, metrics), notifier:
        service.run()


@contextmanager
def _textfile(service: "Service", metrics: "Metrics") -> Iterator[None]:
    """Keep the textfile of metrics up to date while the service runs."""
    from scanmend.metrics.textfile import Textfile  # noqa: PLC0415 -- only the daemon needs it

    textfile = Textfile(lambda: service.config.metrics.textfile, metrics.render, metrics.render_stopped)
    textfile.start()
    try:
        yield
    finally:
        textfile.stop()


def _pages(service: Any, controls: Any) -> list[Any]:
    """Return the routes of the web page, where there is one."""
    if service.config.web is None:
        return []
    from scanmend.web.routes import routes  # noqa: PLC0415 -- without the page, nothing of it is loaded

    return routes(controls, service.reviews)


def _login_page(message: str, target: str) -> str:
    from scanmend.web.routes import login_page  # noqa: PLC0415 -- the same

    return login_page(message, target)


@app.command()
def process(
    files: Annotated[list[Path], typer.Argument(help="Scans: PDF, TIFF, PNG, JPEG, BMP, WebP, GIF, HEIC.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results; created when missing.")],
    config: OptionalConfigFile = None,
    folder: FolderName = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which documents the files would make, and their names.")
    ] = False,
) -> None:
    """Process files once, without a daemon. Exit code 0 when all are done, 1 when some failed."""
    from scanmend.commands import process as command  # noqa: PLC0415 -- the daemon does not need it

    log_to_stderr(level=logging.WARNING)
    settings, loaded = one_shot_settings(config, folder)
    (command.dry_run if dry_run else command.run)(files, out, settings, loaded, one_shot_pipeline)


@app.command()
def correct(
    config: OptionalConfigFile = None,
    folder: FolderName = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Rows {"id", "ocr", …} in, the same with "corrected" and "edits" out.')
    ] = False,
) -> None:
    """Correct text from stdin to stdout."""
    from scanmend.commands import correct as command  # noqa: PLC0415 -- the daemon does not need it

    log_to_stderr(level=logging.WARNING)
    settings, loaded = one_shot_settings(config, folder)
    command.run(settings, loaded, model_slot, jsonl=jsonl)


@app.command()
def check(
    config: ConfigFile = None,
    report: Annotated[
        bool, typer.Option("--report", help="Print one page for whoever helps you: what is here, and nothing secret.")
    ] = False,
) -> None:
    """Check configuration and environment, and say how to fix what is wrong. Exit code 1 when something is."""
    from scanmend.commands import check as command  # noqa: PLC0415 -- only this command needs it

    if report:
        _print_report(config)
    else:
        command.run(configuration(config))


@app.command("setup-model")
def setup_model(config: OptionalConfigFile = None) -> None:
    """Install the bundled language model and the second reader's networks, or say that they are here."""
    from scanmend.commands.first_steps import setup_model as command  # noqa: PLC0415 -- only this command needs it

    command.run(config)


@app.command()
def init(
    folder: Annotated[Path | None, typer.Argument(help="Where configuration and scans go; ~/scanmend.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the first folder.")] = None,
    languages: Annotated[str | None, typer.Option("--languages", help="Languages of its scans: deu,eng.")] = None,
    outputs: Annotated[str | None, typer.Option("--outputs", help="What to write: txt,pdf,json.")] = None,
    web: Annotated[bool | None, typer.Option("--web/--no-web", help="Serve the web page on this machine.")] = None,
    large_model: Annotated[
        bool | None, typer.Option("--large-model/--no-large-model", help="Use a larger model, on the GPU.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; take the defaults.")] = False,
) -> None:
    """Write a first configuration, make its folders and check it. Nothing that is there is overwritten."""
    from scanmend.commands.first_steps import init as command  # noqa: PLC0415 -- only this command needs it

    log_to_stderr(level=logging.WARNING)
    command.run(command.Given(folder, name, languages, outputs, web, large_model), yes=yes)


def _print_report(config: Path | None) -> None:
    """Print the report, whether or not there is a configuration that can be used."""
    from scanmend.commands.report import report  # noqa: PLC0415 -- only this command needs it

    try:
        found: Config | ConfigError = configuration(config, glossaries=False)
    except ConfigError as e:
        found = e
    typer.echo(report.text(found))


@app.command()
def status(
    config: ConfigFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Show it anew whenever it changes, until Ctrl-C.")] = False,
    find: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Documents with this in their name, or a SHA-256 that begins so, instead."),
    ] = None,
) -> None:
    """Say what is waiting, in work, done and failed, and what the model does."""
    from scanmend.commands import status as command  # noqa: PLC0415 -- only this command needs it

    command.run(_daemon(config), as_json=as_json, watch=watch, find=find)


@app.command()
def retry(
    config: ConfigFile = None,
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of quarantined documents, as status lists them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All quarantined documents.")] = False,
) -> None:
    """Return quarantined documents to work; a running daemon takes them up at once.

    Also claims of another daemon that will never run again, by the ids that check tells.
    """
    from scanmend.commands import retry as command  # noqa: PLC0415 -- only this command needs it

    if bool(ids) == every:
        fail("name ids, or give --all", USAGE)
    command.run(_daemon(config), ids or [], every=every)


@app.command()
def review(
    config: ConfigFile = None,
    id_: Annotated[str | None, typer.Argument(metavar="ID", help="A document, as the list names it.")] = None,
    place: Annotated[str | None, typer.Option("--place", help="One of its places, to be decided.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="It stays as it is published.")] = False,
    take: Annotated[
        str | None,
        typer.Option("--take", help="Another reading: tesseract, second, model, other, or a candidate of a field."),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="What stands there; empty for nothing.")] = None,
    skip: Annotated[bool, typer.Option("--skip", help="It stays open.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the latest step back.")] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Bring the machine's version back.")] = False,
    by: Annotated[str | None, typer.Option("--by", help="Your name, for the record.", show_default=False)] = None,
    words: Annotated[bool, typer.Option("--words", help="List the words learned, and what they did.")] = False,
) -> None:
    """List documents with doubtful places, show those of one, and decide them; the outputs are written again."""
    from scanmend.commands import review as command  # noqa: PLC0415 -- only this command needs it
    from scanmend.control.client import link_to  # noqa: PLC0415 -- the daemon does not need it

    log_to_stderr(level=logging.WARNING)
    step = command.step_of(place, accept=accept, take=take, text=text, skip=skip, undo=undo, restore=restore)
    if isinstance(step, str):
        fail(step, USAGE)
    if step is not None and id_ is None:
        fail("name the document", USAGE)
    loaded = configuration(config, glossaries=False)
    command.run(loaded, id_, step, by, page_pool, link_to(loaded).reviews(), words=words)


@app.command()
def unload(
    config: ConfigFile = None,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for documents in work.")] = 20.0,
) -> None:
    """Have the running daemon end its models' processes now. Exit code 1 when one is in use for longer than --wait."""
    from scanmend.commands import unload as command  # noqa: PLC0415 -- only this command needs it

    command.run(_daemon(config), wait)


@app.command()
def pause(
    folder: Annotated[str, typer.Argument(help="Name of the folder, as status lists it.")], config: ConfigFile = None
) -> None:
    """Take nothing more from a folder's inbox, over restarts too; what is in hand is finished."""
    from scanmend.commands import steer  # noqa: PLC0415 -- only these commands need it

    steer.pause(_daemon(config), folder)


@app.command()
def resume(
    folder: Annotated[str, typer.Argument(help="Name of the folder, as status lists it.")], config: ConfigFile = None
) -> None:
    """Take files from a folder's inbox again, after pause."""
    from scanmend.commands import steer  # noqa: PLC0415 -- only these commands need it

    steer.resume(_daemon(config), folder)


@app.command()
def rescan(config: ConfigFile = None) -> None:
    """Have the running daemon list every inbox now."""
    from scanmend.commands import steer  # noqa: PLC0415 -- only these commands need it

    steer.rescan(_daemon(config))


@app.command()
def reload(config: ConfigFile = None) -> None:
    """Have the running daemon read its configuration again; exit code 78 when it rejects it."""
    from scanmend.commands import steer  # noqa: PLC0415 -- only these commands need it

    steer.reload(_daemon(config))


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Mend what OCR breaks: watch scanner folders and write corrected text."""
    if version:
        typer.echo(f"scanmend {__version__}")
        raise typer.Exit


def main() -> None:
    """Run a command; our own errors become one readable message each and their exit code."""
    gc.freeze()  # what has been imported; to look for garbage in it would take longer, at the end, than most commands
    _open_closed_streams()
    try:
        app()
    except ConfigError as e:
        for problem in e.problems:
            sys.stderr.write(f"scanmend: {with_code(problem, e.kind)}\n")
        if e.origin:
            sys.stderr.write(f"scanmend: {e.origin}\n")
        sys.exit(e.exit_code)
    except ScanmendError as e:
        fail(str(e), e.exit_code, e.kind)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as e:
        if e.filename is not None or e.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        sys.stdout = None  # Python would try to write the rest, and complain
        fail(f"the output cannot be written: {e.strerror}", 1, StorageError.kind)


def _open_closed_streams() -> None:
    """Open /dev/null for streams that the caller closed: a file opened later would get their number, and their data."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 -- for as long as we live


def _daemon(config: Path | None) -> Link:
    """Return the link to the daemon of this configuration, whether it runs or not; ConfigError."""
    from scanmend.control.client import link_to  # noqa: PLC0415 -- the daemon does not need it

    return link_to(configuration(config, glossaries=False))


if __name__ == "__main__":
    main()
