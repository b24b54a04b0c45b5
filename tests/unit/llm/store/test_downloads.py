"""Models on their way: one download for all who ask, failures passed on, and nobody else held up."""

import pytest
from structlog.testing import capture_logs

from fake_hosts import Thread, events, until
from held_download import FAR, MIB, HeldDownload
from scanmend.config.schema import ModelSpec
from scanmend.errors import ModelError, ModelMissing, Stopping, StorageError
from scanmend.llm.store.downloads import FAILURE_REPEAT_S, LOG_S, RATE_WINDOW_S, STATUS_S, DownloadProgress, Downloads
from scanmend.llm.store.store import Store
from tiny_gguf import tiny_gguf


class Desk:
    """Downloads from such a hub, with a clock of its own."""

    def __init__(self, folder):
        self.line, self.store = HeldDownload(), None
        self.now, self.stopping, self.changes = 1000.0, False, 0
        self.store = Store(folder / "models", self.line)
        self.downloads = Downloads(self.store, lambda: self.stopping, clock=lambda: self.now, changed=self.change)

    def change(self):
        self.changes += 1

    def pending(self, spec=FAR):
        return self.downloads.pending("far", spec)

    def arrive(self):
        self.line.go.set()
        until(lambda: not self.downloads.running("far"))


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    made = Desk(tmp_path)
    yield made
    made.stopping = True
    made.downloads.join()


class TestDownloads:
    def test_what_cannot_be_downloaded_is_not_waited_for(self, desk, tmp_path):
        """A file, or a model that may not be downloaded: whether it is there shows when it is loaded."""
        for spec in (ModelSpec(path=tmp_path / "none.gguf"), FAR.model_copy(update={"auto_download": False})):
            assert not desk.pending(spec)
        assert desk.line.asked == []

    def test_what_is_here_is_not_downloaded(self, desk, tmp_path):
        """A file put into models_dir by hand does."""
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "far-q8_0.gguf").write_bytes(tiny_gguf())
        assert not desk.pending()
        assert desk.line.asked == []

    def test_one_download_for_all_who_ask(self, desk):
        """It begins with the first question; status tells how far it is; afterwards nobody waits."""
        assert desk.downloads.snapshot() == []
        assert all(desk.pending() for _ in range(3))
        assert desk.line.reached.wait(60)
        (told,) = desk.downloads.snapshot()
        assert (told["model"], told["percent"], told["total_mib"]) == ("far", 25.0, 100.0)
        before = desk.changes
        with capture_logs() as logs:
            desk.arrive()
            until(lambda: desk.changes > before)
        assert not desk.pending()
        assert len(desk.line.asked) == 1
        assert desk.downloads.snapshot() == []
        assert [e["model"] for e in events(logs, "model.downloaded")] == ["far"]

    def test_a_model_that_vanished_is_downloaded_again(self, desk, tmp_path):
        """What was known to be here is looked for; what turned out to be of no use is looked at anew."""
        desk.pending()
        desk.arrive()
        path = tmp_path / "models" / "acme--far-GGUF" / "far-q8_0.gguf"
        path.write_bytes(b"damaged")
        assert not desk.pending()
        desk.downloads.forget(FAR)
        assert desk.pending()
        desk.arrive()
        path.unlink()
        assert desk.pending()

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (ModelMissing("no such file"), ModelMissing),
            (StorageError("disk full"), StorageError),
            (ZeroDivisionError("odd"), ModelError),
        ],
    )
    def test_a_failure_is_passed_on_for_a_while_and_then_tried_again(self, desk, error, kind):
        """Every document that waited hears of it, and none of them starts another download meanwhile."""
        desk.line.error = error
        desk.pending()
        with capture_logs():
            desk.arrive()
        for _ in range(3):
            with pytest.raises(kind, match=str(error)) as e:
                desk.pending()
            assert type(e.value) is kind
        assert len(desk.line.asked) == 1
        desk.now += FAILURE_REPEAT_S
        desk.line.error = None
        assert desk.pending()
        desk.arrive()
        assert not desk.pending()
        assert len(desk.line.asked) == 2

    def test_another_configuration_does_not_hear_of_it(self, desk):
        """Somebody mended the mistake: the download is tried at once."""
        desk.line.error = ModelMissing("no such quantization")
        desk.pending(FAR.model_copy(update={"quantization": "q9"}))
        desk.arrive()
        assert desk.pending()

    def test_waiting_ends_with_the_download(self, desk):
        """With the model, or with the reason why there is none."""
        waiting = Thread(desk.downloads.wait, "far", FAR)
        assert desk.line.reached.wait(60)
        desk.line.error = ModelMissing("gone")
        desk.line.go.set()
        with pytest.raises(ModelMissing, match="gone"):
            waiting.outcome()
        desk.now += FAILURE_REPEAT_S
        desk.line.error = None
        desk.downloads.wait("far", FAR)
        assert not desk.pending()

    def test_what_is_configured_no_more_is_ended(self, desk):
        """A reload that takes the model away, or changes it, ends the download; another may begin."""
        desk.pending()
        desk.downloads.cancel_unconfigured({"far": FAR})
        assert desk.downloads.running("far")
        desk.downloads.cancel_unconfigured({"far": FAR.model_copy(update={"quantization": "int4"})})
        until(lambda: not desk.downloads.running("far"))
        assert desk.line.stopped == 1
        assert desk.pending()

    def test_stopping_ends_downloads_and_those_who_wait(self, desk):
        """None of them is told as a failure, and none begins afterwards."""
        waiting = Thread(desk.downloads.wait, "far", FAR)
        assert desk.line.reached.wait(60)
        with capture_logs() as logs:
            desk.stopping = True
            desk.downloads.join()
        with pytest.raises(Stopping):
            waiting.outcome()
        assert events(logs, "model.download_failed") == []
        with pytest.raises(Stopping):
            desk.pending()
        assert len(desk.line.asked) == 1


class TestTransfer:
    @pytest.fixture
    def clock(self):
        return [0.0]

    def test_nothing_is_known_before_it_begins(self, clock):
        """The hub is being asked."""
        told = DownloadProgress("m", lambda: clock[0]).as_dict()
        assert (told["percent"], told["rate_mib_s"], told["remaining_s"]) == (None, None, None)

    def test_rate_and_rest_are_those_of_what_comes_now(self, clock):
        """What an earlier attempt left is no speed, and a slow beginning is forgotten."""
        transfer = DownloadProgress("m", lambda: clock[0])
        transfer(500 * MIB, 1000 * MIB)
        assert transfer.as_dict()["rate_mib_s"] is None
        clock[0] = 10.0
        transfer(510 * MIB, 1000 * MIB)
        told = transfer.as_dict()
        assert (told["percent"], told["rate_mib_s"], told["remaining_s"]) == (51.0, 1.0, 490)
        for _ in range(30):
            clock[0] += 1.0
            transfer(round((510 + (clock[0] - 10) * 10) * MIB), 1000 * MIB)
        told = transfer.as_dict()
        assert (told["rate_mib_s"], told["done_mib"], told["remaining_s"]) == (10.0, 810.0, 19)
        assert len(transfer._marks) < RATE_WINDOW_S + 3

    def test_a_line_that_stands_still_has_no_end(self, clock):
        """Nothing is divided by zero."""
        transfer = DownloadProgress("m", lambda: clock[0])
        for clock[0] in (0.0, 5.0, 10.0):
            transfer(7, 100)
        assert (transfer.as_dict()["rate_mib_s"], transfer.as_dict()["remaining_s"]) == (0.0, None)

    def test_the_rate_falls_while_nothing_comes(self, clock):
        """Status does not go on telling of a speed that was."""
        transfer = DownloadProgress("m", lambda: clock[0])
        for clock[0] in (0.0, 10.0):
            transfer(round(clock[0] * MIB), 100 * MIB)
        clock[0] = 40.0
        assert (transfer.as_dict()["rate_mib_s"], transfer.as_dict()["remaining_s"]) == (0.25, 360)

    def test_log_and_status_hear_now_and_then(self, clock):
        """The log at once, every LOG_S and at the end; status every STATUS_S."""
        heard = []
        transfer = DownloadProgress("m", lambda: clock[0], lambda: heard.append(clock[0]))
        with capture_logs() as logs:
            for tenth in range(201):
                clock[0] = tenth / 10
                transfer(tenth * MIB, 200 * MIB)
        lines = events(logs, "model.downloading")
        assert [line["percent"] for line in lines] == [0.0, 50.0, 100.0]
        assert {line["model"] for line in lines} == {"m"}
        assert [line["rate_mib_s"] for line in lines] == [None, 10.0, 10.0]
        assert lines[1]["remaining_s"] == LOG_S
        assert len(heard) == 20 / STATUS_S + 1
