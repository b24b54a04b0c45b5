"""scanmend.pageworkers.remote: what of a source goes to a worker, and what the worker keeps of it."""

import os
from pathlib import Path

import pytest

from scanmend.errors import OcrError, StorageError
from scanmend.pageworkers.remote.source_cache import SourceCache
from scanmend.pageworkers.remote.sources import SENT_ALWAYS_BYTES, Sources
from scanmend.source.settings import ReadSettings, SourceLimits


def settings(passwords=None):
    return ReadSettings(("eng",), SourceLimits(10, 50, 150, passwords), 60.0)


class TestSources:
    def test_a_large_file_goes_along_with_its_first_page_alone(self, tmp_path):
        """Others ask for it where they lack it; small ones are not worth the question."""
        sources = Sources(shared_paths=False)
        (tmp_path / "large").write_bytes(bytes(SENT_ALWAYS_BYTES + 1))
        (tmp_path / "small").write_bytes(b"x")
        large, small = sources.find(tmp_path / "large"), sources.find(tmp_path / "small")
        assert [sources.goes_along(large, n) for n in (1, 2)] == [True, False]
        assert [sources.goes_along(small, n) for n in (1, 2)] == [True, True]
        assert small.content() == b"x"

    def test_another_content_has_another_key(self, tmp_path):
        """So that a worker never reads an old copy."""
        sources, file = Sources(shared_paths=False), tmp_path / "scan"
        file.write_bytes(b"one")
        first = sources.find(file).key
        assert sources.find(file).key == first
        file.write_bytes(b"other")
        assert sources.find(file).key != first
        file.unlink()
        with pytest.raises(OcrError, match="gone"):
            sources.find(file)

    def test_paths_are_told_where_they_are_shared(self, tmp_path):
        """The real one, as pages are read through a link in the work folder."""
        (tmp_path / "scan").write_bytes(b"x")
        (tmp_path / "link").symlink_to(tmp_path / "scan")
        for shared in (False, True):
            sources = Sources(shared_paths=shared)
            source = sources.find(tmp_path / "link")
            assert sources.goes_along(source, 1) is not shared
            told = sources.request(source, 1, settings()).get("path")
            assert told == (os.fsencode(tmp_path / "scan").hex() if shared else None)

    def test_passwords_go_along_with_encrypted_sources_alone(self, tmp_path, scans):
        """And never as a path, which would mean nothing there."""
        sources, file = Sources(shared_paths=False), tmp_path / "passwords"
        file.touch(0o600)
        file.write_text("secret\n")
        for name, sent in (("encrypted.pdf", ["secret"]), ("line.pdf", None)):
            request = sources.request(sources.find(scans / name), 1, settings(str(file)))
            assert request.get("passwords") == sent
            assert request["settings"]["limits"]["passwords"] is None
        file.chmod(0o644)
        with pytest.raises(StorageError, match="chmod"):
            sources.request(sources.find(scans / "encrypted.pdf"), 1, settings(str(file)))


class TestSourceCache:
    def test_a_file_comes_once(self, tmp_path):
        """With its name, as messages have that, in a folder for its owner alone."""
        cache = SourceCache(tmp_path / "sources")
        with cache.holding("k", "scan.pdf", None) as path:
            assert path is None
        with cache.holding("k", "scan.pdf", b"bytes") as path:
            assert (path.name, path.read_bytes()) == ("scan.pdf", b"bytes")
            assert path.parent.stat().st_mode & 0o777 == 0o700
        with cache.holding("k", "scan.pdf", None) as again:
            assert again == path

    def test_files_in_use_stay_and_others_make_room(self, tmp_path):
        """The one used longest ago goes first."""
        cache = SourceCache(tmp_path, max_bytes=8)

        def kept() -> list[str]:
            return sorted(file.parent.name for file in Path(tmp_path).rglob("scan"))

        with cache.holding("a", "scan", b"12345"):
            with cache.holding("b", "scan", b"12345"):
                pass
            assert kept() == ["a"]
            cache.clear()
            assert kept() == ["a"]
        cache.clear()
        assert kept() == []
