"""Types of single configuration values: each with its check, and a message that names the remedy."""

import grp
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core.core_schema import ValidationInfo

from scanmend.config.glossary_file import read as read_glossary
from scanmend.fs import password_file

Whole = Annotated[int, Field(strict=True)]
"""An integer; strict, since otherwise ``true`` would be taken for 1."""
Number = Annotated[float, Field(strict=True)]
"""A number; strict for the same reason as ``Whole``."""
Seconds = Annotated[Number, Field(ge=0, le=86_400 * 7)]
"""A time in seconds, from zero to a week."""
Limit = Annotated[Number, Field(gt=0, le=86_400)]
"""A time limit or interval in seconds, above zero and up to a day."""
Count = Annotated[Whole, Field(ge=1)]
"""A number of things, at least one."""
_PDF_KEYS = ("archival", "validator")
"""What may stand in ``pdf``."""


def _language(value: str) -> str:
    if value != "auto" and not re.fullmatch(r"[A-Za-z]{3}(_[A-Za-z]+)*|script/[A-Za-z]+", value):
        raise ValueError(
            f"{value!r} is no Tesseract language; they look like eng, deu or chi_sim (tesseract --list-langs)"
        )
    return value


def _auto_alone(value: tuple[str, ...]) -> tuple[str, ...]:
    if "auto" in value and len(value) > 1:
        raise ValueError("auto stands alone: it chooses among all that are installed; or name the languages without it")
    return value


def _name(value: str) -> str:
    if not re.fullmatch(r"[\w][\w .-]{0,63}", value):
        raise ValueError("use letters, digits, blanks, dots, dashes and underscores, at most 64")
    return value


def _absolute(value: object, info: ValidationInfo) -> object:
    """Make a path absolute: a relative one is relative to the folder of the configuration file."""
    if isinstance(value, str) and (not value.strip() or "\0" in value):
        raise ValueError("is empty or no path; name a file or folder")
    base = (info.context or {}).get("base")
    if isinstance(value, str):
        _require_plain_path(value.strip())
    if base is None or not isinstance(value, str | Path):
        return value
    try:
        return Path(base, Path(value).expanduser())
    except RuntimeError as e:
        raise ValueError("this user has no home folder, so ~ means nothing; write the whole path") from e


def _require_plain_path(value: str) -> None:
    """Raise ValueError for what is no path of this machine as it stands, though a folder could have such a name."""
    if found := re.search(r"\$(\{[^}]*\}|[A-Za-z_]\w*)|%[A-Za-z_]\w*%", value):
        raise ValueError(f"variables such as {found[0]} are not expanded; write the whole path")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://|(\\\\|//)[^\\/]", value):
        raise ValueError(
            f"{value} is an address in the network, not a folder of this machine; mount it, and name the folder where "
            "it is mounted"
        )
    if re.match(r"[A-Za-z]:([\\/]|$)", value) or ("\\" in value and "/" not in value):
        raise ValueError(
            f"{value} is a Windows path; write the path as this machine has it, such as /srv/scans/in (of a Windows "
            "share: mount it, and name the folder where it is mounted)"
        )
    if user := re.match(r"~[^/]+", value):
        raise ValueError(f"{user[0]} is not expanded; write the whole path of that home folder (~ alone is yours)")


def _command(value: object, info: ValidationInfo) -> object:
    """Take a list of arguments; a program named with a slash is relative to the configuration file."""
    if isinstance(value, str):
        raise ValueError("is run without a shell; write a list: [program, argument, …]")  # noqa: TRY004 -- for pydantic
    if isinstance(value, list) and value and isinstance(value[0], str):
        if not value[0].strip() or any("\0" in part for part in value if isinstance(part, str)):
            raise ValueError("names no program; write a list: [program, argument, …]")
        if "/" in value[0]:
            return [str(_absolute(value[0], info)), *value[1:]]
    return value


def _file_mode(value: object) -> object:
    """Take octal digits such as ``0640``: the owner reads and writes, nobody executes, others never write."""
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


def _address(value: object) -> str:
    """Take an IP address or localhost, with a port: ``127.0.0.1:8642``, ``[::1]:8642``."""
    text = value.strip() if isinstance(value, str) else ""
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):([0-9]{1,5})", text)
    if found is None or not 0 < int(found[2]) < 65536:  # noqa: PLR2004 -- ports
        raise ValueError(f"{value!r} is no address with a port; write one such as 127.0.0.1:8642 or [::1]:8642")
    host = "127.0.0.1" if found[1] == "localhost" else found[1].strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError as e:
        raise ValueError(f"{found[1]} is no IP address; write the one that this machine has, or 127.0.0.1") from e
    return text


def host_and_port(address: str) -> tuple[str, int]:
    """Return an ``Address`` in its parts, the host as an IP address."""
    host, _, port = address.rpartition(":")
    return ("127.0.0.1" if host == "localhost" else host.strip("[]")), int(port)


def is_loopback(address: str) -> bool:
    """Whether an ``Address`` is one that only this machine reaches."""
    return ipaddress.ip_address(host_and_port(address)[0]).is_loopback


def _endpoint(value: object) -> str:
    """Take the base address of a server that speaks OpenAI's protocol, without name, password, query or fragment."""
    text = value.strip().rstrip("/") if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or re.search(r"[^\x21-\x7e]", text):
        raise ValueError("is no address of a server, such as https://gpu.example.org/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValueError("takes an address alone; a key belongs into the file that api_key_file names")
    return text


def reaches_beyond(endpoint: str) -> bool:
    """Whether an ``Endpoint`` or ``Scheduler`` may be on another machine: it is no loopback address or localhost."""
    host = urlsplit(endpoint).hostname or ""
    if host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def _scheduler(value: object) -> str:
    """Take the address of a Dask scheduler: ``tls://host:port``, or ``tcp://`` on this machine alone."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("tls", "tcp") and bool(parts.hostname) and bool(parts.port)
    except ValueError:
        known = False
    if not known or re.fullmatch(r"(tls|tcp)://(\[[0-9A-Fa-f:.]+\]|[\w.-]+):\d+", text) is None:
        raise ValueError(f"{value!r} is no address of a Dask scheduler, such as tls://scheduler.example.org:8786")
    return text


def _host_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})", value):
        raise ValueError(f"{value!r} is no name of a machine; write it without scheme and port: scans.example.org")
    return value.lower()


def _glossary(path: Path, info: ValidationInfo) -> Path:
    """Refuse a glossary that cannot be used, unless the context says not to look; its words are read again for use."""
    if (info.context or {}).get("glossaries", True):
        read_glossary(path)
    return path


def _passwords(path: Path, info: ValidationInfo) -> Path:
    """Refuse a file of passwords that cannot be used, or that others may read, unless the context says not to look."""
    if (info.context or {}).get("glossaries", True):
        password_file.read(path)
    return path


@dataclass(frozen=True, slots=True)
class PdfSettings:
    """What the ``pdf`` output is to be, beyond what it always is."""

    archival: bool = False
    """Whether it is PDF/A-2b where the source allows that."""
    validator: tuple[str, ...] = ()
    """Command that says by its exit code whether a file, named by one further argument, is; empty: veraPDF's."""


def _pdf(value: object, info: ValidationInfo) -> object:
    """Take a mapping; ValueError that says all that is wrong with it, as its keys have no lines of their own."""
    if value is None or isinstance(value, PdfSettings):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("needs to be a mapping: {archival: true}")  # noqa: TRY004 -- for pydantic
    wrong = [f"{key!r} does not belong here; it knows archival and validator" for key in value if key not in _PDF_KEYS]
    archival, validator = value.get("archival", False), value.get("validator") or []
    if not isinstance(archival, bool):
        wrong.append("archival needs to be true or false")
    if not isinstance(validator, list | tuple) or not all(isinstance(part, str) for part in validator):
        wrong.append("validator needs to be a list: [program, argument, …]; the PDF's path comes last")
    if wrong:
        raise ValueError("; ".join(wrong))
    return PdfSettings(archival, tuple(_command(list(validator), info)))  # type: ignore[arg-type]


def as_list(value: object) -> object:
    """Take a single word as a list of one: ``languages: eng``."""
    return [value] if isinstance(value, str) else value


Languages = Annotated[
    tuple[Annotated[str, AfterValidator(_language)], ...],
    BeforeValidator(as_list),
    Field(min_length=1),
    AfterValidator(_auto_alone),
]
Output = Literal["txt", "md", "hocr", "pdf", "html", "csv", "json"]
FolderPath = Annotated[Path, BeforeValidator(_absolute)]
Argument = Annotated[str, Field(strict=True)]
Command = Annotated[tuple[Argument, ...], BeforeValidator(_command)]
FileMode = Annotated[str, BeforeValidator(_file_mode)]
Group = Annotated[str, BeforeValidator(_group)]
Address = Annotated[str, BeforeValidator(_address)]
Endpoint = Annotated[str, BeforeValidator(_endpoint)]
Scheduler = Annotated[str, BeforeValidator(_scheduler)]
HostName = Annotated[str, AfterValidator(_host_name)]
FolderName = Annotated[str, AfterValidator(_name)]
GlossaryFile = Annotated[FolderPath, AfterValidator(_glossary)]
PasswordsFile = Annotated[FolderPath, AfterValidator(_passwords)]
PdfRule = Annotated[PdfSettings | None, BeforeValidator(_pdf)]
