"""scanmend.process.child with real processes: every way in which a child can go wrong, and what is left of it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from scanmend.errors import ChildDied, HostDied, ModelError, Stopping
from scanmend.process.child import MAX_OUTPUT_BYTES, Child

ACTOR = """
import os, re, resource, signal, socket, subprocess, sys, time
from scanmend.process import child
from scanmend.process.child import serve

def handle(request, progress):
    do = request["do"]
    if do == "echo":
        return request
    if do == "where":
        return {"path": sys.path[0], "fds": sorted(os.listdir("/proc/self/fd")), "cwd": os.getcwd()}
    if do == "die":
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.kill(os.getpid(), request["signal"])
    if do == "exit":
        print("last words", flush=True)
        os._exit(request["code"])
    if do == "raise":
        raise ValueError("no such thing\\nreally")
    if do == "say":
        os.write(1, bytes.fromhex(request["hex"]) * request.get("times", 1))
    if do == "work":
        for _ in range(request["steps"]):
            time.sleep(0.15)
            line.sendall(HEADER.pack(18) + b'{"progress": true}')
    if do == "slow":
        progress(); progress()
        time.sleep(request["seconds"])
    if do == "report":
        for n in range(request["times"]):
            progress({"at": n, "of": 9})
    if do == "beat":
        while True:
            progress({"beat": True})
            time.sleep(0.02)
    if do == "chat":
        for n in range(request["times"]):
            os.write(1, b"chatter " * 100_000)
            progress({"bytes": os.fstat(1).st_size})
            time.sleep(request.get("pause_s", 0))
    if do == "count":  # the frames of progress that go out
        sent, real = [], child._write
        child._write = lambda line, message: sent.append(message) or real(line, message)
        progress(); progress(); progress()
        child._write = real
        return {"frames": len(sent)}
    if do == "loop":  # in native code that never lets another thread run
        re.match("(a+)+$", "a" * 60 + "b")
    if do == "start":
        return {"pid": subprocess.Popen(["sleep", "1000"]).pid}
    if do == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return {"pid": subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 1000 & wait; sleep 1000"]).pid}
    if do == "raw":
        line.sendall(bytes.fromhex(request["hex"]))
        time.sleep(1000)
    if do == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    if do == "hang up":
        line.shutdown(socket.SHUT_RDWR)
        time.sleep(1000)
    return {"done": do}

if __name__ == "__main__":
    from scanmend.process.child import _HEADER as HEADER
    line = socket.socket(fileno=os.dup(int(sys.argv[1])))
    serve(handle)
"""

PARENT = """
import sys, time
from scanmend.process.child import Child
child = Child("actor")
print(child.pid, child.ask({"do": "start"}, 20)["pid"], flush=True)
child.ask({"do": sys.argv[1], "seconds": 1000}, 1000)
"""


@pytest.fixture
def path(tmp_path) -> str:
    """Return a module path on which the child's module ``actor`` lies."""
    (tmp_path / "actor.py").write_text(ACTOR)
    return os.pathsep.join((str(tmp_path), *filter(None, sys.path)))


@pytest.fixture
def child(path):
    """Return a running child."""
    child = Child("actor", {"PYTHONPATH": path})
    yield child
    child.end(0)


def gone(pid: int) -> bool:
    """Whether a process is dead; one whose parent has not asked for its exit code yet counts as dead."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def until(true: Callable[[], bool], limit_s: float = 2.0) -> bool:
    """Wait for something to become true."""
    limit = time.monotonic() + limit_s
    while not (found := true()) and time.monotonic() < limit:
        time.sleep(0.01)
    return found


def frame(data: bytes, size: int | None = None) -> str:
    return ((len(data) if size is None else size).to_bytes(8, "big") + data).hex()


class TestAnswers:
    def test_requests_and_replies(self, child):
        """Requests are answered one after the other, large ones and odd ones too."""
        for text in ("", "é\udcff\0\n", "x" * 3_000_000):
            assert child.ask({"do": "echo", "text": text}, 20)["text"] == text
        assert child.alive

    def test_garbage_on_its_output_is_no_answer(self, child):
        """What a library prints does not get between the frames."""
        assert child.ask({"do": "say", "hex": b'{"progress": true}\n\xff\x00'.hex()}, 20) == {"done": "say"}
        assert child.ask({"do": "echo"}, 20) == {"do": "echo"}

    def test_output_is_not_kept_for_ever(self, child):
        """A chatty library cannot fill the memory; the last words are still there when it dies."""
        for _ in range(4):
            child.ask({"do": "say", "hex": b"chatter ".hex(), "times": MAX_OUTPUT_BYTES // 8 + 1}, 20)
        assert Path(f"/proc/{child.pid}/fd/1").stat().st_size < 2 * MAX_OUTPUT_BYTES
        with pytest.raises(ChildDied, match="last words"):
            child.ask({"do": "exit", "code": 3}, 20)

    def test_the_folder_one_stands_in_does_not_matter(self, path, tmp_path, monkeypatch):
        """A ``json.py`` among the scans is not taken for Python's."""
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "json.py").write_text("raise SystemExit('wrong json')")
        monkeypatch.chdir(tmp_path / "here")
        child = Child("actor", {"PYTHONPATH": path})
        try:
            assert child.ask({"do": "where"}, 20)["path"] == str(tmp_path)
        finally:
            child.end(0)

    def test_it_holds_nothing_of_ours(self, child, tmp_path):
        """Files and sockets of the daemon are not open in the child."""
        with (tmp_path / "open").open("w"):
            other = Child("actor", {"PYTHONPATH": os.pathsep.join((str(tmp_path), *sys.path))})
            try:
                assert len(other.ask({"do": "where"}, 20)["fds"]) == len(child.ask({"do": "where"}, 20)["fds"])
            finally:
                other.end(0)


class TestDeaths:
    @pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
    def test_a_signal(self, child, number):
        """A native crash is named, and told apart from an exit."""
        with pytest.raises(ChildDied, match=f"actor died of {number.name}") as e:
            child.ask({"do": "die", "signal": int(number)}, 20)
        assert e.value.signal == number
        assert not child.alive

    def test_an_exit(self, child):
        """The exit code and the last words are told, in one line."""
        with pytest.raises(ChildDied, match=r"actor ended with exit code 3; it said: last words\Z") as e:
            child.ask({"do": "exit", "code": 3}, 20)
        assert e.value.signal is None

    def test_an_exception(self, child):
        """So is an error of ours in the child."""
        with pytest.raises(ChildDied, match=r"exit code 1; it said: .*ValueError: no such thing really\Z"):
            child.ask({"do": "raise"}, 20)

    def test_output_that_is_no_text(self, child):
        """Bytes of any kind end up as one printable line of bounded length."""
        child.ask({"do": "say", "hex": b"\x1b[31m\xff\r\n\0".hex(), "times": 5000}, 20)
        with pytest.raises(ChildDied) as e:
            child.ask({"do": "exit", "code": 1}, 20)
        assert str(e.value).isprintable()
        assert len(str(e.value)) < 20_000

    def test_it_cannot_start(self):
        """A module that does not exist is told when it is asked."""
        child = Child("no_such_module_anywhere")
        try:
            with pytest.raises(ChildDied, match=r"exit code 1; it said: .*No module named"):
                child.ask({}, 20)
        finally:
            child.end(0)

    def test_no_python(self, monkeypatch):
        """An interpreter that is gone, as after an upgrade under a running daemon."""
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        before = descriptors()
        with pytest.raises(ChildDied, match="cannot start actor: "):
            Child("actor")
        assert descriptors() == before

    def test_the_error_is_of_the_class_asked_for(self, path):
        """Whoever asks a model gets an error of the model, for a death as for a start that fails."""
        child = Child("actor", {"PYTHONPATH": path}, HostDied)
        try:
            with pytest.raises(ModelError, match="SIGKILL") as e:
                child.ask({"do": "die", "signal": 9}, 20)
            assert (type(e.value), e.value.signal) == (HostDied, 9)
        finally:
            child.end(0)

    def test_asked_again_after_its_death(self, child):
        """It stays dead, and says so."""
        for _ in range(2):
            with pytest.raises(ChildDied):
                child.ask({"do": "exit", "code": 3}, 20)

    def test_it_hangs_up(self, child, monkeypatch):
        """A child that closes its line but lives on is ended."""
        monkeypatch.setattr("scanmend.process.child._EXIT_S", 0.2)
        with pytest.raises(ChildDied, match="broke off the connection"):
            child.ask({"do": "hang up"}, 20)
        assert gone(child.pid)

    def test_its_grandchildren_die_with_it(self, child):
        """What a crashed child has started is not left running."""
        pid = child.ask({"do": "start"}, 20)["pid"]
        assert not gone(pid)
        with pytest.raises(ChildDied):
            child.ask({"do": "die", "signal": 9}, 20)
        assert until(lambda: gone(pid))


class TestBrokenAnswers:
    @pytest.mark.parametrize(
        ("raw", "said"),
        [
            (frame(b"hello"), "answered what is no JSON"),
            (frame(b'"\xff"'), "answered what is no JSON"),
            (frame(b"[" * 100_000), "answered what is no JSON"),
            (frame(b"[1, 2]"), "answered list instead of an object"),
            (frame(b"null"), "answered NoneType instead of an object"),
            (frame(b"", 1 << 40), "a frame of 1099511627776 bytes"),
            (b"\xff" * 8, "a frame of 18446744073709551615 bytes"),
        ],
    )
    def test_what_is_no_answer(self, child, raw, said):
        """It is told at once and the child is ended: nothing that it says later could be trusted."""
        started = time.monotonic()
        with pytest.raises(ChildDied, match=said):
            child.ask({"do": "raw", "hex": raw if isinstance(raw, str) else raw.hex()}, 20)
        assert gone(child.pid)
        assert time.monotonic() - started < 30

    @pytest.mark.parametrize("raw", ["", "0000", frame(b"{}", 100), frame(b"", 0)[:8]])
    def test_half_an_answer(self, child, raw):
        """A frame that begins and does not end is no sign of life beyond its limit."""
        with pytest.raises(ChildDied, match=r"gave no sign of life for 0\.4 s"):
            child.ask({"do": "raw", "hex": raw}, 0.4)
        assert gone(child.pid)


class TestTime:
    def test_a_child_that_hangs(self, child):
        """It is ended at its limit, and what it has started with it."""
        pid = child.ask({"do": "start"}, 20)["pid"]
        started = time.monotonic()
        with pytest.raises(ChildDied, match=r"actor gave no sign of life for 0\.3 s"):
            child.ask({"do": "slow", "seconds": 1000}, 0.3)
        assert time.monotonic() - started < 30
        assert gone(child.pid)
        assert until(lambda: gone(pid))

    def test_a_child_that_is_stopped(self, child):
        """Neither a request nor an answer can hang on a process that does not run."""
        child.ask({"do": "echo"}, 20)
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(ChildDied, match="gave no sign of life"):
            child.ask({"do": "echo", "text": "x" * 5_000_000}, 0.3)
        assert gone(child.pid)

    def test_progress_extends_the_deadline(self, child):
        """Ten steps of 0.15 s pass a limit of 1 s, since each says that work goes on."""
        assert child.ask({"do": "work", "steps": 10}, 1.0) == {"done": "work"}

    def test_progress_does_not_extend_a_limit_on_all(self, child):
        """As that of a page, which has one limit from its rendering to its text."""
        with pytest.raises(ChildDied, match=r"gave no sign of life for 1 s"):
            child.ask({"do": "work", "steps": 1000}, 1.0, in_all=True)
        assert gone(child.pid)

    def test_a_sign_of_life_is_sent_once_a_second(self, child):
        """However often work gives it, the socket is not flooded; the first goes out at once."""
        assert child.ask({"do": "count"}, 20) == {"frames": 1}


class TestProgress:
    def test_details_reach_the_parent(self, child):
        """All of them, in order, and before the reply; a mere sign of life is none."""
        seen = []
        assert child.ask({"do": "report", "times": 30}, 20, seen.append) == {"done": "report"}
        assert seen == [{"at": n, "of": 9} for n in range(30)]
        child.ask({"do": "slow", "seconds": 0}, 20, seen.append)
        assert len(seen) == 30
        assert child.ask({"do": "report", "times": 3}, 20) == {"done": "report"}

    def test_whoever_cannot_take_them_ends_the_child(self, child):
        """The error is not taken for one of the child, whose answer nobody would fetch any more."""

        def full(_details):
            raise OSError("the terminal is gone")

        with pytest.raises(OSError, match="the terminal is gone"):
            child.ask({"do": "report", "times": 3}, 20, full)
        assert gone(child.pid)

    @pytest.mark.parametrize("doing", ["slow", "beat", "stop"])
    def test_a_parent_that_is_to_stop_does_not_wait(self, child, doing):
        """Whether the child is silent, reports all the time, or does not run at all."""
        child.ask({"do": "echo"}, 20)
        asked = []
        with pytest.raises(Stopping):
            child.ask({"do": doing, "seconds": 1000}, 1000, None, lambda: asked.append(1) or len(asked) > 3)
        assert gone(child.pid)

    def test_a_limit_holds_while_the_parent_asks_whether_to_stop(self, child):
        """A silent child is ended at its limit."""
        with pytest.raises(ChildDied, match=r"gave no sign of life for 0\.5 s"):
            child.ask({"do": "slow", "seconds": 1000}, 0.5, None, lambda: False)

    def test_output_is_not_kept_for_ever_within_a_request_either(self, child):
        """A download may go on for hours, with a library that logs every piece."""
        seen = []
        chat = {
            "do": "chat",
            "times": 20,
            "pause_s": 0.1,
        }  # so that this process, however busy the machine, hears of it
        child.ask(chat, 20, lambda details: seen.append(details["bytes"]))
        assert max(seen) < 16_000_000


class TestEnd:
    def test_it_ends_when_asked(self, child):
        """SIGTERM is enough for a child that behaves; nobody waits for its grace."""
        pid = child.ask({"do": "start"}, 20)["pid"]
        started = time.monotonic()
        child.end(60)
        assert time.monotonic() - started < 30
        assert gone(child.pid)
        assert until(lambda: gone(pid))

    def test_it_is_made_to_end(self, child):
        """A child that ignores SIGTERM is killed after its grace, with a grandchild that does, too."""
        pid = child.ask({"do": "stubborn"}, 20)["pid"]
        started = time.monotonic()
        child.end(0.3)
        assert 0.3 <= time.monotonic() - started < 30
        assert gone(child.pid)
        assert until(lambda: gone(pid))

    def test_twice_and_after_death(self, child):
        """Ending what has ended is no error."""
        child.kill()
        child.end()
        child.end()
        child.kill()
        with pytest.raises(ChildDied):
            child.ask({"do": "echo"}, 1)

    def test_kill_from_another_thread(self, child):
        """Whoever waits for an answer learns of it at once."""
        threading.Timer(0.2, child.kill).start()
        started = time.monotonic()
        with pytest.raises(ChildDied, match="SIGKILL") as e:
            child.ask({"do": "slow", "seconds": 1000}, 60)
        assert e.value.signal == signal.SIGKILL
        assert time.monotonic() - started < 30

    def test_the_number_of_a_dead_child_is_not_free(self, child):
        """Until it is ended, a dead child stays a zombie, so that nobody else can be killed in its place."""
        os.kill(child.pid, signal.SIGKILL)
        assert until(lambda: not child.alive)
        assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
        child.kill()
        assert not psutil.pid_exists(child.pid)

    def test_nothing_is_left_open(self, path):
        """Fifty children later the process holds as many descriptors and children as before."""
        before = descriptors()
        for i in range(50):
            child = Child("actor", {"PYTHONPATH": path})
            if i % 10 == 0:
                child.ask({"do": "echo"}, 20)
            child.end(0 if i % 2 else 10)
        assert descriptors() == before
        assert not [p for p in psutil.Process().children() if p.status() == psutil.STATUS_ZOMBIE]


class TestOrphans:
    @pytest.mark.parametrize("doing", ["slow", "loop", "stubborn"])
    def test_a_killed_parent_leaves_nobody(self, path, doing):
        """Even after SIGKILL to the parent, child and grandchild are gone at once, whatever they are doing."""
        parent = subprocess.Popen(
            [sys.executable, "-c", PARENT, doing],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        try:
            assert len(pids) == 2
            assert not any(gone(pid) for pid in pids)
            time.sleep(0.3)  # long enough to be in the middle of it
            parent.kill()
            parent.wait()
            assert until(lambda: all(gone(pid) for pid in pids))
        finally:
            parent.kill()
            parent.wait()
            parent.stdout.close()
            for pid in pids:
                if not gone(pid):
                    os.kill(pid, signal.SIGKILL)

    def test_an_idle_child(self, path):
        """A child that waits for a request ends with its parent, too."""
        code = PARENT.replace('child.ask({"do": sys.argv[1], "seconds": 1000}, 1000)', "time.sleep(1000)")
        parent = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
        parent.wait()
        parent.stdout.close()
        assert until(lambda: all(gone(pid) for pid in pids))
