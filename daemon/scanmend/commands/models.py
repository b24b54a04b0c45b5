"""``scanmend models``: lists the language models, and fetches, verifies, locates and removes them."""

import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from scanmend.commands.options import USAGE, OptionalConfigFile, configuration_or_builtin, fail, log_to_stderr
from scanmend.config.schema import BUNDLED, Config, ModelSpec, Settings
from scanmend.document import local_iso, printable
from scanmend.errors import ModelError, ModelMissing
from scanmend.llm.store.downloads import DownloadProgress
from scanmend.llm.store.gguf import Header
from scanmend.llm.store.last_used import LAST_USED, LastUsed
from scanmend.llm.store.store import ModelFile, Store, is_downloadable
from scanmend.llm.store.verify import digests, downloaded_files, remove

SOURCES = {
    "path": "file",
    "models_dir": "models_dir",
    "package": "package",
    "cache": "hub cache",
    "download": "download",
    "missing": "missing",
    "not here yet": "not here yet",
    "endpoint": "server",
}
"""How the table calls each source of a model."""
COLUMNS = ("name", "from", "size", "quantization", "layers", "architecture", "context", "last use", "revision")
"""Headings of the table."""

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The language models: list, fetch, check and remove them."
)

Name = Annotated[str, typer.Argument(help="A key of models in the configuration, or bundled.", show_default=False)]


@app.command("list")
def list_(
    config: OptionalConfigFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,  # noqa: FBT002 -- typer's way
) -> None:
    """Say where each model comes from, what it is, and when it was in use last."""
    rows = listed(configuration_or_builtin(config))
    typer.echo(json.dumps(rows, indent=2, ensure_ascii=False) if as_json else as_text(rows))


@app.command()
def pull(name: Name, config: OptionalConfigFile = None) -> None:
    """Have a model here, whole: what is missing or damaged is downloaded. Not needed where auto_download is true."""
    log_to_stderr()
    loaded = configuration_or_builtin(config)
    spec, store = _spec(loaded, name), Store(loaded.models_dir)
    found = store.find(name, spec)
    if found is None or not all(file.sound for file in digests(found)):
        if spec.repo_id is None:
            _fail_damaged(name, spec, found or store.require(name, spec))
        found = _downloaded(store, name, spec)
    typer.echo(f"{name}: {printable(found.path)} ({SOURCES[found.source]})")


@app.command()
def verify(name: Name, config: OptionalConfigFile = None) -> None:
    """Read a model's files as a whole and compare their SHA-256. Exit code 1 when one is damaged or missing."""
    loaded = configuration_or_builtin(config)
    spec = _spec(loaded, name)
    found = Store(loaded.models_dir).require(name, spec)
    damaged = False
    for file in digests(found):
        verdict = "as recorded" if file.recorded else "none is recorded to compare it with"
        if not file.sound:
            damaged, verdict = True, f"DAMAGED: {file.recorded} is recorded"
        typer.echo(f"{printable(file.path)}: SHA-256 {file.sha256}, {verdict}")
    typer.echo(f"header: {_described(found.header)}")
    if damaged:
        _fail_damaged(name, spec, found)


@app.command()
def path(name: Name, config: OptionalConfigFile = None) -> None:
    """Print the path of a model's file, of several the first. Exit code 1 when it is not on this machine."""
    loaded = configuration_or_builtin(config)
    typer.echo(os.fsencode(Store(loaded.models_dir).require(name, _spec(loaded, name)).path))


@app.command("remove")
def remove_(name: Name, config: OptionalConfigFile = None) -> None:
    """Remove what scanmend downloaded of a model, and nothing else."""
    loaded = configuration_or_builtin(config)
    spec, store = _spec(loaded, name), Store(loaded.models_dir)
    found = store.find(name, spec)
    request = store.request(spec)
    mine = downloaded_files(spec, request) if spec.repo_id else []
    if not mine:
        where = f"{printable(found.path)} ({SOURCES[found.source]}) stays" if found else "there is nothing of it here"
        raise ModelError(f"scanmend has downloaded nothing of model {name!r}: {where}")
    for user in _in_use(loaded):
        if _same_file(store, loaded, user, found):
            raise ModelError(
                f"the daemon has model {user!r} loaded, which is this file; remove it when that is unloaded"
            )
    freed = remove(mine, request)
    if found is not None and found.source == "download":
        LastUsed(loaded.state_dir / LAST_USED).forget(found.path)
    typer.echo(f"{name}: removed, {_size(freed)} free again")
    if left := store.find(name, spec):
        typer.echo(f"{printable(left.path)} ({SOURCES[left.source]}) stays")


def ensure_present(config: Config, name: str) -> None:
    """Have a model on this machine before work begins, where it may be downloaded; raises as ``Store.obtain`` does."""
    spec, store = config.models[name], Store(config.models_dir)
    if is_downloadable(spec) and store.find(name, spec) is None:
        _downloaded(store, name, spec)


def ensure_settings_model(config: Config, settings: Settings) -> None:
    """As ``ensure_present``, for one-shot work, whose log is quiet but for how far the download is."""
    if settings.strategy != "off":
        log_to_stderr()
        ensure_present(config, settings.model)
        log_to_stderr(level=logging.WARNING)


def listed(config: Config) -> list[dict[str, Any]]:
    """One row for each model of the configuration and the bundled one, as plain values."""
    store, last_used = Store(config.models_dir), LastUsed(config.state_dir / LAST_USED)
    in_use = _in_use(config)
    return [_row(store, last_used, name, spec, loaded=name in in_use) for name, spec in _models(config).items()]


def as_text(rows: Sequence[dict[str, Any]]) -> str:
    """The rows of ``listed`` for a person: a table, and below it why models are missing."""
    cells = [COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([*lines, *(row["problem"] for row in rows if row["problem"])])


def _row(store: Store, last_used: LastUsed, name: str, spec: ModelSpec, *, loaded: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"name": name, "source": "missing", "path": None, "problem": None}
    try:
        found = store.require(name, spec)
    except ModelMissing as e:
        empty = ("size", "quantization", "layers", "architecture", "context_length", "parameters", "chat_template")
        row |= dict.fromkeys((*empty, "revision", "last_use"))
        if spec.endpoint:
            return row | {"source": "endpoint", "loaded": loaded}
        return row | ({"source": "not here yet"} if is_downloadable(spec) else {"problem": str(e)}) | {"loaded": False}
    header, used = found.header, last_used.last(found.path)
    return row | {
        "source": found.source,
        "path": printable(found.path),
        "size": header.size,
        "quantization": header.quantization,
        "layers": header.layers,
        "architecture": header.architecture,
        "context_length": header.context_length,
        "parameters": header.parameters,
        "chat_template": header.chat_template is not None,
        "revision": found.revision,
        "last_use": None if used is None else local_iso(used),
        "loaded": loaded,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    last = "now" if row["loaded"] else (row["last_use"] or "-")[:16].replace("T", " ")
    size = "-" if row["size"] is None else _size(row["size"])
    header = (row["quantization"], row["layers"], row["architecture"], row["context_length"])
    revision = (row["revision"] or "-")[:12]
    return (row["name"], SOURCES[row["source"]], size, *(str(value or "-") for value in header), last, revision)


def _models(config: Config) -> dict[str, ModelSpec]:
    return {"bundled": BUNDLED, **config.models}


def _spec(config: Config, name: str) -> ModelSpec:
    models = _models(config)
    if name not in models:
        hint = "" if config.folders else "; name a configuration with --config FILE for more"  # built-in ones have none
        fail(f"no model is named {name!r}; there are: {', '.join(models)}{hint}", USAGE)
    return models[name]


def _downloaded(store: Store, name: str, spec: ModelSpec) -> ModelFile:
    """Download with a bar on a terminal, and log lines elsewhere."""
    if not sys.stderr.isatty():
        return store.download(name, spec, DownloadProgress(name))
    from scanmend.commands import progress  # noqa: PLC0415 -- large, and only needed for a terminal

    with progress.download_bar(name) as report:
        return store.download(name, spec, report)


def _fail_damaged(name: str, spec: ModelSpec, found: ModelFile) -> None:
    if spec.repo_id is not None:
        remedy = f"scanmend models pull {name} fetches it anew"
    else:
        remedy = "install the package again" if found.source == "package" else "put a whole file in its place"
    raise ModelError(f"model {name!r} is damaged; {remedy}")


def _in_use(config: Config) -> list[str]:
    """Names of the models that the daemon has loaded, where one runs."""
    from scanmend.control import status  # noqa: PLC0415 -- the daemon does not need it

    return [str(one["model"]) for one in status.status(config)["loaded"]]


def _same_file(store: Store, config: Config, user: str, found: ModelFile | None) -> bool:
    """Whether the model that the daemon has loaded is this one, by whatever name."""
    spec = config.models.get(user)
    theirs = store.find(user, spec) if spec else None
    return found is not None and theirs is not None and theirs.path == found.path


def _size(count: int) -> str:
    return f"{count / 2**20:,.0f} MiB" if count < 10 * 2**30 else f"{count / 2**30:,.1f} GiB"


def _described(header: Header) -> str:
    template = "with a chat template" if header.chat_template else "without a chat template"
    return (
        f"{header.architecture}, {header.parameters / 1e6:,.0f}M parameters, {header.layers} layers, "
        f"{header.quantization}, context {header.context_length}, {template}, {_size(header.size)}"
    )
