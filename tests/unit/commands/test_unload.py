"""``scanmend unload`` with a real daemon and the bundled model, and without."""

import json

import psutil
import pytest

from daemon_process import drop, until
from scanmend.commands.unload import unload
from scanmend.config.load import load
from scanmend.control.link import LocalLink


class TestUnload:
    def test_without_a_daemon(self, daemon):
        """There is nothing to unload, and that is well."""
        ran = daemon().command("unload")
        assert (ran.returncode, ran.stdout) == (0, "no daemon runs, so no model is loaded\n")

    def test_at_once(self, daemon, scans):
        """The model's process is gone when the command ends; the next document loads it again."""
        one = daemon(strategy="rescore", top={"idle_unload_s": -1}).start()
        ran = one.command("unload")
        assert (ran.returncode, ran.stdout) == (0, "no model is loaded\n")
        drop(scans / "broken.png", one.inbox)
        one.wait_for("broken.json")
        until(lambda: (status := one.status())["loaded"] and not status["working"], "the model at rest")
        (loaded,) = one.status()["loaded"]
        assert (loaded["model"], loaded["ran_on"], loaded["gpu_layers"]) == ("bundled", "CPU", 0)
        assert json.loads((one.outbox / "broken.json").read_bytes())["model"]["ran_on"] == "CPU"
        ran = one.command("unload")
        assert (ran.returncode, ran.stdout) == (0, "bundled: unloaded\n")
        assert not psutil.pid_exists(loaded["pid"])
        (entry,) = one.said("model.unloaded")
        assert (entry["why"], entry["returned"], entry["ram_after_mib"]) == ("asked to", True, 0.0)
        assert entry["ram_freed_mib"] > 100
        until(lambda: not one.status()["loaded"], "the status file, which is written twice a second at most")

    @pytest.mark.thorough
    def test_in_use_for_longer(self, tmp_path, daemon, scans):
        """It says so, with exit code 1; the model goes when its document is done."""
        one = daemon(strategy="rescore", top={"idle_unload_s": -1}).start()
        for name in ("one.tiff", "two.tiff", "three.tiff"):  # else the moment may be missed
            drop(scans / "three.tiff", one.inbox, name)
        until(lambda: one.status()["model"]["state"] == "correcting", "the model at work")
        ran = one.command("unload", "--wait", "0")
        assert (ran.returncode, "no document" in ran.stdout or "not taken up" in ran.stdout) == (1, True)
        one.wait_for("one.json", "two.json", "three.json")
        one.wait("model.unloaded")

    def test_a_daemon_that_does_not_listen(self, tmp_path, daemon):
        """It is waited for so long and no longer."""
        one = daemon().start()
        now = [0.0]

        def pause(seconds):
            now[0] += seconds

        psutil.Process(one.pid).suspend()
        try:
            done, said = unload(LocalLink(load(one.config)), 5.0, clock=lambda: now[0], pause=pause)
        finally:
            psutil.Process(one.pid).resume()
        assert (done, said) == (False, f"the daemon (pid {one.pid}) has not taken up the request yet")
        assert 5.0 <= now[0] < 5.5
