"""The ways in which files come into a folder: each sends one file with a real program, at full speed or slowly."""

import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from file_servers import pause

RATE_KB = 500
"""Kilobytes a second of a program that can be held back."""
PAUSE_S = 0.8
"""Between the parts of what is fed to a program that cannot; longer than the folder's settle_s."""
LIMIT_S = 60


@dataclass(frozen=True)
class Endpoints:
    """Where things are."""

    inbox: Path
    aside: Path
    """A folder on the file system of the inbox."""
    elsewhere: Path
    """A folder on another file system, where there is one."""
    ssh: Path | None = None
    """Configuration of an ssh client that knows the host ``scanner``."""
    smb: tuple[str, ...] = ()
    """What smbclient needs, up to its commands."""
    ftp: str = ""
    hidden_ftp: str = ""
    """URL of a server that writes under a name of its own until a file is whole."""


Send = Callable[[Endpoints, Path, str, bool], None]
"""Sends a source under a name, slowly or not."""


@dataclass(frozen=True)
class Writer:
    """One way of delivering, and what the folder gets to see."""

    name: str
    programs: tuple[str, ...]
    """What it takes beyond the programs of every Debian."""
    in_place: bool | None
    """Whether the file is seen under its own name before it is whole; None where that is over too soon to be seen."""
    send: Send
    temporary: str = ""
    """What marks the names under which the file grows instead."""
    sources: tuple[str, ...] = field(default=("small.png", "large.bmp", "slow.bmp"))


def run(*command: str | Path) -> None:
    """Run a program to its good end."""
    fed(command, ())


def fed(command: Iterable[str | Path], parts: Iterable[bytes], pause_s: float = 0.0) -> None:
    """Run a program to its good end, and feed it these parts with pauses in between."""
    words = [str(word) for word in command]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            for part in parts:
                process.stdin.write(part)
                process.stdin.flush()
                pause(pause_s)
            said, _ = process.communicate(timeout=LIMIT_S)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0, (words, said.decode("utf-8", "replace"))


def cut_off(command: Iterable[str | Path]) -> None:
    """End a program in the middle of its work, and let a moment pass in which the folder could settle."""
    words = ["timeout", "0.8", *(str(word) for word in command)]
    assert subprocess.run(words, capture_output=True, check=False, timeout=LIMIT_S).returncode != 0
    pause(PAUSE_S)


def parts(source: Path, count: int = 3) -> list[bytes]:
    """Cut a file into parts of the same size."""
    data = source.read_bytes()
    each = -(-len(data) // count)
    return [data[i : i + each] for i in range(0, len(data), each)]


def paced(source: Path, slow: bool) -> tuple[list[bytes], float]:  # noqa: FBT001 -- it is what a Send gets
    """Feed a file whole, or in parts with pauses."""
    return (parts(source), PAUSE_S) if slow else ([source.read_bytes()], 0.0)


def rsync(*options: str) -> Send:
    def send(endpoints, source, name, slow):
        held = [f"--bwlimit={RATE_KB}"] if slow else []
        run("rsync", "-a", *options, *held, source, endpoints.inbox / name)

    return send


def rsync_and_remove(endpoints, source, name, slow):
    """Twice, as a timer would: what was sent is gone on this side, so nothing is sent again."""
    out = endpoints.aside / f"outgoing-{name}"
    out.mkdir()
    shutil.copy(source, out / name)
    for _ in range(2):
        run("rsync", "-a", "--remove-source-files", f"{out}/", f"{endpoints.inbox}/")


def rsync_resumed(endpoints, source, name, slow):
    """Cut off in the middle, and sent again before long; what was there already is kept in a folder of its own."""
    command = ["rsync", "-a", "--partial-dir=.rsync-partial", f"--bwlimit={RATE_KB}", source, endpoints.inbox / name]
    cut_off(command)
    run(*command)


def curl_resumed(endpoints, source, name, slow):
    """Cut off in the middle, and gone on with where it ended."""
    command = ["curl", "-sS", "--limit-rate", f"{RATE_KB}k", "-T", source, f"{endpoints.ftp}/{name}"]
    cut_off(command)
    run(*command, "-C", "-")


def scp(*options: str) -> Send:
    def send(endpoints, source, name, slow):
        held = ["-l", str(RATE_KB * 8)] if slow else []
        run("scp", "-q", *options, *held, "-F", endpoints.ssh, source, f"scanner:{endpoints.inbox / name}")

    return send


def sftp(*, rename: bool) -> Send:
    def send(endpoints, source, name, slow):
        held = ["-l", str(RATE_KB * 8)] if slow else []
        target = endpoints.inbox / name
        first = target.with_name(f"{name}.part") if rename else target
        batch = f"put -p {source} {first}\n" + (f"rename {first} {target}\n" if rename else "")
        fed(["sftp", "-q", *held, "-F", endpoints.ssh, "-b", "-", "scanner"], [batch.encode()])

    return send


def smb(endpoints, source, name, slow):
    if slow:
        fed([*endpoints.smb, "-c", f"put - {name}"], *paced(source, slow))
    else:
        run(*endpoints.smb, "-c", f"put {source} {name}")


def smb_renamed(endpoints, source, name, slow):
    fed([*endpoints.smb, "-c", f"put - {name}.tmp"], *paced(source, slow))
    pause(PAUSE_S if slow else 0)  # whole, but not yet under its name
    run(*endpoints.smb, "-c", f"rename {name}.tmp {name}")


def curl(*, hidden: bool = False, rename: bool = False) -> Send:
    def send(endpoints, source, name, slow):
        held = ["--limit-rate", f"{RATE_KB}k"] if slow else []
        url = f"{endpoints.hidden_ftp if hidden else endpoints.ftp}/{name}"
        after = ["-Q", f"-RNFR {name}.part", "-Q", f"-RNTO {name}"] if rename else []
        run("curl", "-sS", *held, "-T", source, f"{url}.part" if rename else url, *after)

    return send


def lftp(*, temporary: bool) -> Send:
    def send(endpoints, source, name, slow):
        held = f"set net:limit-rate 0:{RATE_KB * 1000};" if slow else ""
        options = "set xfer:use-temp-file yes; set xfer:temp-file-name .in.*;" if temporary else ""
        run("lftp", "-c", f"set net:max-retries 2; {held} {options} open {endpoints.ftp}; put {source} -o {name}")

    return send


def cp(endpoints, source, name, slow):
    fed(["cp", "/dev/stdin", endpoints.inbox / name], *paced(source, slow))


def mv_across(endpoints, source, name, slow):
    shutil.copy(source, endpoints.elsewhere / name)
    run("mv", endpoints.elsewhere / name, endpoints.inbox / name)


def mv_within(endpoints, source, name, slow):
    shutil.copy(source, endpoints.aside / name)
    run("mv", endpoints.aside / name, endpoints.inbox / name)


def cat(endpoints, source, name, slow):
    """Append part after part, each with a program of its own that opens and closes the file."""
    for part in parts(source):
        fed(["sh", "-c", 'cat >> "$1"', "sh", endpoints.inbox / name], [part])
        pause(PAUSE_S if slow else 0)


def preallocated(endpoints, source, name, slow):
    """Give the file its full length first, as copies from Windows do, then fill it."""
    target = endpoints.inbox / name
    run("truncate", f"--size={source.stat().st_size}", target)
    pieces, pause_s = paced(source, slow)
    fed(["dd", f"of={target}", "conv=notrunc", "bs=64K", "status=none"], pieces, pause_s)


def ln(endpoints, source, name, slow):
    shutil.copy(source, endpoints.aside / name)
    run("ln", endpoints.aside / name, endpoints.inbox / name)


def tar(endpoints, source, name, slow):
    shutil.copy(source, endpoints.aside / name)
    archive = endpoints.aside / f"{name}.tar"
    run("tar", "-cf", archive, "-C", endpoints.aside, name)
    fed(["tar", "-xf", "-", "-C", endpoints.inbox], *paced(archive, slow))


def scanimage(endpoints, source, name, slow):
    """Scan what ``source`` was scanned from, slowly, as a batch of one page."""
    start, _, last = name.rpartition("-")
    number, kind = Path(last).stem, Path(last).suffix
    pattern = endpoints.inbox / f"{start}-%d{kind}"
    batch = [f"--batch={pattern}", f"--batch-start={number}", "--batch-count=1"]
    run("scanimage", *from_test_device(kind.lstrip("."), slow=slow), *batch)


def scanimage_stdout(endpoints, source, name, slow):
    command = ["scanimage", *from_test_device(source.suffix.lstrip("."), slow=slow)]
    run("sh", "-c", 'out=$1; shift; exec "$@" > "$out"', "sh", endpoints.inbox / name, *command)


def from_test_device(kind: str, *, slow: bool) -> list[str]:
    """Options of a scan that is the same each time; a slow one takes about two seconds."""
    size = ["--resolution=100", "--test-picture=Grid", f"--format={kind}"]
    return ["-d", "test", *size, *(["--read-delay=yes", "--read-delay-duration=100000"] if slow else [])]


SCANNED = ("1.tiff", "2.png", "3.tiff")

WRITERS = (
    Writer("rsync", ("rsync",), in_place=False, send=rsync(), temporary="."),
    Writer("rsync-inplace", ("rsync",), in_place=True, send=rsync("--inplace")),
    Writer("rsync-delayed", ("rsync",), in_place=False, send=rsync("--delay-updates")),
    Writer("rsync-remove", ("rsync",), in_place=False, send=rsync_and_remove),
    Writer("rsync-resumed", ("rsync",), in_place=False, send=rsync_resumed, sources=("slow.bmp",)),
    Writer("scp", ("scp", "sshd"), in_place=True, send=scp()),
    Writer("scp-legacy", ("scp", "sshd"), in_place=True, send=scp("-O")),
    Writer("sftp", ("sftp", "sshd"), in_place=True, send=sftp(rename=False)),
    Writer("sftp-rename", ("sftp", "sshd"), in_place=False, send=sftp(rename=True), temporary=".part"),
    Writer("smb", ("smbclient", "smbd", "smbpasswd"), in_place=True, send=smb),
    Writer("smb-rename", ("smbclient", "smbd", "smbpasswd"), in_place=False, send=smb_renamed, temporary=".tmp"),
    Writer("curl", ("curl", "proftpd"), in_place=True, send=curl()),
    Writer("curl-rename", ("curl", "proftpd"), in_place=False, send=curl(rename=True), temporary=".part"),
    Writer("curl-resumed", ("curl", "proftpd"), in_place=True, send=curl_resumed, sources=("slow.bmp",)),
    Writer("ftp-hidden", ("curl", "proftpd"), in_place=False, send=curl(hidden=True), temporary=".in."),
    Writer("lftp", ("lftp", "proftpd"), in_place=True, send=lftp(temporary=False)),
    Writer("lftp-temp", ("lftp", "proftpd"), in_place=False, send=lftp(temporary=True), temporary=".in."),
    Writer("scanimage", ("scanimage",), in_place=False, send=scanimage, temporary=".part", sources=SCANNED),
    Writer("scanimage-stdout", ("scanimage",), in_place=True, send=scanimage_stdout, sources=SCANNED),
    Writer("cp", (), in_place=True, send=cp),
    Writer("mv-across", (), in_place=None, send=mv_across),
    Writer("mv-within", (), in_place=False, send=mv_within),
    Writer("cat", (), in_place=True, send=cat),
    Writer("preallocated", (), in_place=None, send=preallocated, sources=("small.png", "slow.pdf")),
    Writer("ln", (), in_place=False, send=ln),
    Writer("tar", (), in_place=True, send=tar),
)
