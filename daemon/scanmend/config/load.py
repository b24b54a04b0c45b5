"""Reads the configuration file and checks it as a whole; each problem is one line with file, line, key and remedy."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from scanmend.config.environment import override
from scanmend.config.messages import keys_only, readable
from scanmend.config.monitoring import Metrics, Notify
from scanmend.config.schema import Config, Control, Executor, Folder, ModelSpec, Settings, Tls, Web
from scanmend.config.splitting import template_of
from scanmend.config.wanted_fields import names_of
from scanmend.config.yaml_lines import Lines, Location, read
from scanmend.errors import ConfigError
from scanmend.fs.safe_open import CLAIMS
from scanmend.naming.template import FIELDS


def load(path: Path, *, glossaries: bool = True, environ: Mapping[str, str] | None = None) -> Config:
    """Read the file, override what variables say, and check the whole; ConfigError has every problem.

    ``glossaries``: whether the glossary files that it names have to be usable, too. ``environ``: the environment
    variables; those of this process where it is not given.
    """
    raw, lines = read(path)
    overridden = override(raw, lines, os.environ if environ is None else environ)
    prepared = _with_defaults(raw, path)
    context = {"base": path.resolve().parent, "glossaries": glossaries}
    problems = [*overridden, *lines.problems]
    if "source" in raw:
        problems.append(f"{lines.where('source')}: unknown key; remove it")
    wrong: frozenset[Location] = frozenset()
    try:
        config = Config.model_validate(prepared, context=context)
        folders = dict(enumerate(config.folders))
    except ValidationError as e:
        config = None
        errors = e.errors()
        problems += readable(errors, lines, _known_keys)
        wrong = frozenset(keys_only(error["loc"])[:3] for error in errors)
        folders = _valid_folders(prepared.get("folders"), wrong, context)
    models = prepared.get("models", {})
    problems += _contradictions(models if isinstance(models, dict) else None, folders, lines, wrong)
    if config is not None:
        problems += _inboxes_at_own_files(config, lines)
    if not prepared.get("folders", ()):
        problems.append(f"{lines.where('folders')}: no folder to watch; add one with name, inbox and outbox")
    if problems or config is None:
        raise ConfigError(lines.in_order(problems))
    return config


def _with_defaults(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Give each folder the defaults and the paths that it does not set; a section left empty counts as absent."""
    out = {key: value for key, value in raw.items() if value is not None} | {"source": path}
    defaults, folders = out.get("defaults"), out.get("folders")
    if isinstance(folders, list):
        shared = defaults if isinstance(defaults, dict) else {}
        page = "web" in out
        out["folders"] = [_completed_folder(f, shared, page=page) if isinstance(f, dict) else f for f in folders]
    return out


def _completed_folder(folder: dict[str, Any], defaults: dict[str, Any], *, page: bool) -> dict[str, Any]:
    """Return a folder with all that it does not set itself; ``page``: whether there is a web page to review on."""
    out = {**defaults, **folder}
    if page and out.get("original") != "delete":  # who has scans deleted must ask for the copies that a review needs
        out = {"review": "on", **out}
    if isinstance(outbox := out.get("outbox"), str):
        out = {"archive": f"{outbox}/originals", "quarantine": f"{outbox}/quarantine", **out}
    return out


def _valid_folders(folders: object, wrong: Collection[Location], context: dict[str, Any]) -> dict[int, Folder]:
    """Return, by index, the folders that are valid once their wrong keys are left out."""
    out: dict[int, Folder] = {}
    for i, folder in enumerate(folders if isinstance(folders, list) else ()):
        if isinstance(folder, dict):
            kept = {"name": f"folder {i}", **{k: v for k, v in folder.items() if ("folders", i, k) not in wrong}}
            try:
                out[i] = Folder.model_validate(kept, context=context)
            except ValidationError:
                continue
    return out


def _known_keys(loc: Location) -> set[str]:
    """The keys that are allowed at this location."""
    kinds: dict[str, type[BaseModel]] = {
        "models": ModelSpec,
        "defaults": Settings,
        "folders": Folder,
        "web": Web,
        "control": Control,
        "metrics": Metrics,
        "notify": Notify,
        "executor": Executor,
    }
    owner: type[BaseModel] = kinds.get(str(loc[0]), Config) if len(loc) > 1 else Config
    if loc[:-1] == ("executor", "tls"):
        owner = Tls
    return set(owner.model_fields) - ({"source"} if owner is Config else set())


def _contradictions(
    models: Collection[str] | None, folders: Mapping[int, Folder], lines: Lines, wrong: Collection[Location]
) -> Iterator[str]:
    """Yield problems of several keys together: unknown models, shared names and inboxes, outputs inside an inbox."""
    names: dict[str, int] = {}
    inboxes: dict[Path, int] = {}
    for i, folder in folders.items():
        doubtful = any(("folders", i, key) in wrong for key in ("model", "strategy"))
        if models is not None and not doubtful and folder.strategy != "off" and folder.model not in models:
            key = ("folders", i, "model") if ("folders", i, "model") in lines else ("defaults", "model")
            known = ", ".join(models) or "none"
            yield f"{lines.where(*key)}: no model is named {folder.model!r}; models has: {known}"
        if (j := names.setdefault(folder.name.casefold(), i)) != i:
            yield f"{lines.where('folders', i, 'name')}: folders[{j}] has this name already; give each its own"
        if (j := inboxes.setdefault(_real_path(folder.inbox), i)) != i:
            yield f"{lines.where('folders', i, 'inbox')}: folders[{j}] watches this inbox already; give each its own"
    yield from _fields_missing(folders, lines)
    for i, folder in folders.items():
        for inbox, j in inboxes.items():
            yield from _outputs_in_inbox(folders[j], inbox, folder, i, lines)


def _fields_missing(folders: Mapping[int, Folder], lines: Lines) -> Iterator[str]:
    """Yield tables and names of fields that are not wanted, and one table for folders that want different ones."""
    tables: dict[Path, int] = {}
    for i, folder in folders.items():
        if "csv" in folder.outputs and not folder.fields:
            where = lines.where("folders", i, "outputs")
            yield f"{where}: csv is a table of fields; set fields (fields: invoice), or leave it out"
        yield from _names_without_fields(folder, i, lines)
        if folder.fields_csv is None:
            continue
        where = lines.where("folders", i, "fields_csv")
        if not folder.fields:
            yield f"{where}: is a table of fields; set fields (fields: invoice), or leave it out"
        j = tables.setdefault(_real_path(folder.fields_csv), i)
        if folders[j].fields != folder.fields:
            yield f"{where}: folders[{j}] writes other fields to this table; give each its own"


def _names_without_fields(folder: Folder, i: int, lines: Lines) -> Iterator[str]:
    """Yield tokens of the folder's names for fields that it does not want."""
    template = template_of(folder.output_name)
    tokens = {token for token in template.tokens if token.startswith(FIELDS)} if template else set()
    wanted = names_of(folder.fields)
    for token in sorted(tokens - {f"{FIELDS}{name}" for name in wanted}):
        where = lines.where("folders", i, "output_name")
        remedy = f"has {', '.join(wanted)}" if wanted else "is not set; set fields (fields: invoice)"
        yield f"{where}: {{{token}}} is no field of this folder; fields {remedy}"


def _outputs_in_inbox(watching: Folder, inbox: Path, folder: Folder, i: int, lines: Lines) -> Iterator[str]:
    for key in ("outbox", "archive", "quarantine"):
        target = _real_path(getattr(folder, key))
        named = key == "outbox" or ("folders", i, key) in lines
        if named and target.is_relative_to(inbox):
            yield (
                f"{lines.where('folders', i, key)}: lies inside the inbox of {watching.name!r} ({inbox}), "
                "so results would be taken for scans; choose a folder outside every inbox"
            )
    if folder.fields_csv is not None and _real_path(folder.fields_csv).is_relative_to(inbox):
        yield (
            f"{lines.where('folders', i, 'fields_csv')}: lies inside the inbox of {watching.name!r} ({inbox}), "
            "so it would be taken for a scan; choose a folder outside every inbox"
        )
    if watching.recursive and inbox in _real_path(folder.inbox).parents:
        yield (
            f"{lines.where('folders', i, 'inbox')}: lies inside the inbox of {watching.name!r}, which is recursive; "
            "move one of them or set recursive: false"
        )


def _inboxes_at_own_files(config: Config, lines: Lines) -> Iterator[str]:
    """Yield inboxes that hold, or lie in, the daemon's own folders: it would take its ledger for a scan."""
    home = _real_path(config.source).parent
    for i, folder in enumerate(config.folders):
        inbox, where = _real_path(folder.inbox), lines.where("folders", i, "inbox")
        for key in ("state_dir", "models_dir"):
            own = _real_path(getattr(config, key))
            if own.is_relative_to(inbox) or inbox.is_relative_to(own):
                yield f"{where}: holds {key} ({own}), or lies in it; choose a folder that is for scans alone"
        if home == inbox or (folder.recursive and home.is_relative_to(inbox)):
            yield f"{where}: holds this configuration file; choose a folder that is for scans alone"
        if CLAIMS in inbox.parts:
            yield f"{where}: lies in {CLAIMS}, where scanmend keeps what it has in work; choose another folder"


def _real_path(path: Path) -> Path:
    """The path without links, as far as it exists; unlike ``Path.resolve`` without an error for links in a circle."""
    return Path(os.path.realpath(path))
