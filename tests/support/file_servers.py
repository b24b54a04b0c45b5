"""Private servers that take files in: sshd, smbd and proftpd on free ports, each with all it has in one folder."""

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from daemon_process import until

HOST = "127.0.0.1"
SECRET = "throwaway"  # noqa: S105 -- of servers that live for seconds, on this machine alone
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/lib/ssh/sftp-server")


def program(name: str) -> str | None:
    """Where a program lies, also where only the administrator's PATH has it."""
    return shutil.which(name, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin", "/usr/local/sbin")))


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as s:
        s.bind((HOST, 0))
        return int(s.getsockname()[1])


@contextlib.contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends, and everything it started; AssertionError when it does not answer."""
    with log.open("ab") as out:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        until(lambda: _answers(port) or server.poll() is not None, f"{command[0]}: {log}")
        assert server.poll() is None, log.read_text("utf-8", "replace")
        yield server
    finally:
        end(server)


def end(leader: subprocess.Popen[bytes]) -> None:
    """End a process that leads a session, its group, and those of its children that made sessions of their own."""
    family = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(leader.pid).children(recursive=True)
    leader.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        leader.wait(60)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait(60)
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, 5)


def left_behind(root: Path) -> list[str]:
    """The command lines of processes that work in a folder or were started with a path below it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if process.pid != os.getpid() and (str(root) in line or Path(process.cwd()).is_relative_to(root)):
                found.append(line)
    return found


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), 1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def sshd(home: Path) -> Iterator[Path]:
    """Serve scp and sftp; yields a configuration file that clients reach it with, as host ``scanner``."""
    home.mkdir(mode=0o700)
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / key)], check=True)
    port = free_port()
    sftp = next((path for path in SFTP_SERVERS if Path(path).exists()), "internal-sftp")
    (home / "sshd_config").write_text(
        f"ListenAddress {HOST}\nPort {port}\nHostKey {home}/host\nPidFile {home}/pid\n"
        f"AuthorizedKeysFile {home}/user.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"PermitRootLogin prohibit-password\nSubsystem sftp {sftp}\n"
    )
    (home / "known_hosts").write_text(f"[{HOST}]:{port} {(home / 'host.pub').read_text()}")
    client = home / "client"
    client.write_text(
        f"Host scanner\nHostName {HOST}\nPort {port}\nUser {getpass.getuser()}\nIdentityFile {home}/user\n"
        f"IdentitiesOnly yes\nUserKnownHostsFile {home}/known_hosts\nStrictHostKeyChecking yes\nBatchMode yes\n"
    )
    if os.geteuid() == 0:  # sshd asks for it even where no service made it
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with running([str(program("sshd")), "-D", "-e", "-f", str(home / "sshd_config")], port, home / "log"):
        yield client


@contextlib.contextmanager
def smbd(home: Path, share: Path) -> Iterator[list[str]]:
    """Serve one folder as share ``scans``; yields the options that smbclient needs, up to its commands."""
    home.mkdir(mode=0o755)
    port, user = free_port(), getpass.getuser()
    places = {
        "private dir": "private", "lock directory": "lock", "state directory": "state", "cache directory": "cache",
        "pid directory": "pid", "ncalrpc dir": "ncalrpc",
    }  # fmt: skip
    for place in places.values():
        (home / place).mkdir(mode=0o755)
    conf = home / "smb.conf"
    conf.write_text(
        "[global]\nserver role = standalone server\ndisable spoolss = yes\nload printers = no\n"
        f"interfaces = lo\nbind interfaces only = yes\nsmb ports = {port}\npassdb backend = tdbsam\n"
        + "".join(f"{key} = {home / place}\n" for key, place in places.items())
        + f"[scans]\npath = {share}\nread only = no\nvalid users = {user}\n"
    )
    password = f"{SECRET}\n{SECRET}\n".encode()
    command = ["smbpasswd", "-c", str(conf), "-s", "-a", user]
    subprocess.run(command, input=password, check=True, capture_output=True)
    smbd = str(program("smbd"))
    with running(
        [smbd, "--foreground", "--no-process-group", f"--configfile={conf}", f"--log-basename={home}"],
        port,
        home / "log",
    ):
        yield ["smbclient", f"//{HOST}/scans", f"--port={port}", f"--user={user}%{SECRET}", f"--configfile={conf}"]


@contextlib.contextmanager
def proftpd(home: Path, share: Path, more: str = "") -> Iterator[str]:
    """Serve one folder by FTP, with ``more`` lines of configuration; yields the URL with user and password."""
    home.mkdir(mode=0o755)
    port, uid, gid = free_port(), os.geteuid(), os.getegid()
    crypted = subprocess.run(["openssl", "passwd", "-6", SECRET], check=True, capture_output=True, text=True).stdout
    (home / "users").write_text(f"scanner:{crypted.strip()}:{uid}:{gid}::{share}:/bin/sh\n")
    (home / "users").chmod(0o600)
    conf = home / "proftpd.conf"
    conf.write_text(
        f"ServerType standalone\nDefaultAddress {HOST}\nSocketBindTight on\nPort {port}\nUseIPv6 off\n"
        f"User {getpass.getuser()}\nRootLogin on\nRequireValidShell off\nAuthOrder mod_auth_file.c\n"
        f"AuthUserFile {home}/users\nPidFile {home}/pid\nScoreboardFile {home}/scoreboard\n"
        f"SystemLog {home}/system\nTransferLog none\nWtmpLog off\nDelayTable {home}/delay\n"
        f"AllowStoreRestart on\nAllowOverwrite on\nUseReverseDNS off\n{more}\n"
    )
    with running([str(program("proftpd")), "--nodaemon", "--config", str(conf)], port, home / "log"):
        yield f"ftp://scanner:{SECRET}@{HOST}:{port}"


@contextlib.contextmanager
def mounted(client: Path, source: Path, target: Path) -> Iterator[None]:
    """Have a folder of the host ``scanner`` at target, by sshfs; CalledProcessError where FUSE cannot be had."""
    target.mkdir()
    options = ["-F", str(client), "-o", "dir_cache=no,attr_timeout=0,entry_timeout=0"]
    subprocess.run(["sshfs", *options, f"scanner:{source}", str(target)], check=True, capture_output=True, timeout=30)
    try:
        yield
    finally:
        subprocess.run(["fusermount3", "-u", "-z", str(target)], check=True)


def pause(seconds: float) -> None:
    """Stand still as a slow device does; what is tested here is real time."""
    time.sleep(seconds)
