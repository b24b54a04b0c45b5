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
class Bench:
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


Send = Callable[[Bench, Path, str, bool], None]
"""Sends a source under a name, slowly or not."""


@dataclass(frozen=True)
class Way:
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
    def send(bench, source, name, slow):
        held = [f"--bwlimit={RATE_KB}"] if slow else []
        run("rsync", "-a", *options, *held, source, bench.inbox / name)

    return send


def rsync_and_remove(bench, source, name, slow):
    """Twice, as a timer would: what was sent is gone on this side, so nothing is sent again."""
    out = bench.aside / f"outgoing-{name}"
    out.mkdir()
    shutil.copy(source, out / name)
    for _ in range(2):
        run("rsync", "-a", "--remove-source-files", f"{out}/", f"{bench.inbox}/")


def rsync_resumed(bench, source, name, slow):
    """Cut off in the middle, and sent again before long; what was there already is kept in a folder of its own."""
    command = ["rsync", "-a", "--partial-dir=.rsync-partial", f"--bwlimit={RATE_KB}", source, bench.inbox / name]
    cut_off(command)
    run(*command)


def curl_resumed(bench, source, name, slow):
    """Cut off in the middle, and gone on with where it ended."""
    command = ["curl", "-sS", "--limit-rate", f"{RATE_KB}k", "-T", source, f"{bench.ftp}/{name}"]
    cut_off(command)
    run(*command, "-C", "-")


def scp(*options: str) -> Send:
    def send(bench, source, name, slow):
        held = ["-l", str(RATE_KB * 8)] if slow else []
        run("scp", "-q", *options, *held, "-F", bench.ssh, source, f"scanner:{bench.inbox / name}")

    return send


def sftp(*, rename: bool) -> Send:
    def send(bench, source, name, slow):
        held = ["-l", str(RATE_KB * 8)] if slow else []
        target = bench.inbox / name
        first = target.with_name(f"{name}.part") if rename else target
        batch = f"put -p {source} {first}\n" + (f"rename {first} {target}\n" if rename else "")
        fed(["sftp", "-q", *held, "-F", bench.ssh, "-b", "-", "scanner"], [batch.encode()])

    return send


def smb(bench, source, name, slow):
    if slow:
        fed([*bench.smb, "-c", f"put - {name}"], *paced(source, slow))
    else:
        run(*bench.smb, "-c", f"put {source} {name}")


def smb_renamed(bench, source, name, slow):
    fed([*bench.smb, "-c", f"put - {name}.tmp"], *paced(source, slow))
    pause(PAUSE_S if slow else 0)  # whole, but not yet under its name
    run(*bench.smb, "-c", f"rename {name}.tmp {name}")


def curl(*, hidden: bool = False, rename: bool = False) -> Send:
    def send(bench, source, name, slow):
        held = ["--limit-rate", f"{RATE_KB}k"] if slow else []
        url = f"{bench.hidden_ftp if hidden else bench.ftp}/{name}"
        after = ["-Q", f"-RNFR {name}.part", "-Q", f"-RNTO {name}"] if rename else []
        run("curl", "-sS", *held, "-T", source, f"{url}.part" if rename else url, *after)

    return send


def lftp(*, temporary: bool) -> Send:
    def send(bench, source, name, slow):
        held = f"set net:limit-rate 0:{RATE_KB * 1000};" if slow else ""
        way = "set xfer:use-temp-file yes; set xfer:temp-file-name .in.*;" if temporary else ""
        run("lftp", "-c", f"set net:max-retries 2; {held} {way} open {bench.ftp}; put {source} -o {name}")

    return send


def cp(bench, source, name, slow):
    fed(["cp", "/dev/stdin", bench.inbox / name], *paced(source, slow))


def mv_across(bench, source, name, slow):
    shutil.copy(source, bench.elsewhere / name)
    run("mv", bench.elsewhere / name, bench.inbox / name)


def mv_within(bench, source, name, slow):
    shutil.copy(source, bench.aside / name)
    run("mv", bench.aside / name, bench.inbox / name)


def cat(bench, source, name, slow):
    """Append part after part, each with a program of its own that opens and closes the file."""
    for part in parts(source):
        fed(["sh", "-c", 'cat >> "$1"', "sh", bench.inbox / name], [part])
        pause(PAUSE_S if slow else 0)


def preallocated(bench, source, name, slow):
    """Give the file its full length first, as copies from Windows do, then fill it."""
    target = bench.inbox / name
    run("truncate", f"--size={source.stat().st_size}", target)
    pieces, pause_s = paced(source, slow)
    fed(["dd", f"of={target}", "conv=notrunc", "bs=64K", "status=none"], pieces, pause_s)


def ln(bench, source, name, slow):
    shutil.copy(source, bench.aside / name)
    run("ln", bench.aside / name, bench.inbox / name)


def tar(bench, source, name, slow):
    shutil.copy(source, bench.aside / name)
    archive = bench.aside / f"{name}.tar"
    run("tar", "-cf", archive, "-C", bench.aside, name)
    fed(["tar", "-xf", "-", "-C", bench.inbox], *paced(archive, slow))


def scanimage(bench, source, name, slow):
    """Scan what ``source`` was scanned from, slowly, as a batch of one page."""
    start, _, last = name.rpartition("-")
    number, kind = Path(last).stem, Path(last).suffix
    pattern = bench.inbox / f"{start}-%d{kind}"
    batch = [f"--batch={pattern}", f"--batch-start={number}", "--batch-count=1"]
    run("scanimage", *from_test_device(kind.lstrip("."), slow=slow), *batch)


def scanimage_stdout(bench, source, name, slow):
    command = ["scanimage", *from_test_device(source.suffix.lstrip("."), slow=slow)]
    run("sh", "-c", 'out=$1; shift; exec "$@" > "$out"', "sh", bench.inbox / name, *command)


def from_test_device(kind: str, *, slow: bool) -> list[str]:
    """Options of a scan that is the same each time; a slow one takes about two seconds."""
    size = ["--resolution=100", "--test-picture=Grid", f"--format={kind}"]
    return ["-d", "test", *size, *(["--read-delay=yes", "--read-delay-duration=100000"] if slow else [])]


SCANNED = ("1.tiff", "2.png", "3.tiff")

WAYS = (
    Way("rsync", ("rsync",), in_place=False, send=rsync(), temporary="."),
    Way("rsync-inplace", ("rsync",), in_place=True, send=rsync("--inplace")),
    Way("rsync-delayed", ("rsync",), in_place=False, send=rsync("--delay-updates")),
    Way("rsync-remove", ("rsync",), in_place=False, send=rsync_and_remove),
    Way("rsync-resumed", ("rsync",), in_place=False, send=rsync_resumed, sources=("slow.bmp",)),
    Way("scp", ("scp", "sshd"), in_place=True, send=scp()),
    Way("scp-legacy", ("scp", "sshd"), in_place=True, send=scp("-O")),
    Way("sftp", ("sftp", "sshd"), in_place=True, send=sftp(rename=False)),
    Way("sftp-rename", ("sftp", "sshd"), in_place=False, send=sftp(rename=True), temporary=".part"),
    Way("smb", ("smbclient", "smbd", "smbpasswd"), in_place=True, send=smb),
    Way("smb-rename", ("smbclient", "smbd", "smbpasswd"), in_place=False, send=smb_renamed, temporary=".tmp"),
    Way("curl", ("curl", "proftpd"), in_place=True, send=curl()),
    Way("curl-rename", ("curl", "proftpd"), in_place=False, send=curl(rename=True), temporary=".part"),
    Way("curl-resumed", ("curl", "proftpd"), in_place=True, send=curl_resumed, sources=("slow.bmp",)),
    Way("ftp-hidden", ("curl", "proftpd"), in_place=False, send=curl(hidden=True), temporary=".in."),
    Way("lftp", ("lftp", "proftpd"), in_place=True, send=lftp(temporary=False)),
    Way("lftp-temp", ("lftp", "proftpd"), in_place=False, send=lftp(temporary=True), temporary=".in."),
    Way("scanimage", ("scanimage",), in_place=False, send=scanimage, temporary=".part", sources=SCANNED),
    Way("scanimage-stdout", ("scanimage",), in_place=True, send=scanimage_stdout, sources=SCANNED),
    Way("cp", (), in_place=True, send=cp),
    Way("mv-across", (), in_place=None, send=mv_across),
    Way("mv-within", (), in_place=False, send=mv_within),
    Way("cat", (), in_place=True, send=cat),
    Way("preallocated", (), in_place=None, send=preallocated, sources=("small.png", "slow.pdf")),
    Way("ln", (), in_place=False, send=ln),
    Way("tar", (), in_place=True, send=tar),
)
