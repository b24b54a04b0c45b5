"""The journal of a review: each step that a person took, a line of JSON on the disk before anything follows."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scanmend.errors import StorageError
from scanmend.fs.append import append
from scanmend.review.doubt.decisions import Action

MAX_BYTES = 4 << 20
"""Largest journal of a document: some 10,000 decisions; then no more are taken."""

_action = TypeAdapter(Action)


class Journal:
    """The steps of one document; any number of threads and processes may append, one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Action, ...]:
        """Return the steps in order; a line that a crash left torn was never acknowledged, and is none."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as e:
            raise StorageError(f"{self.path} cannot be read: {e.strerror}") from e
        return tuple(_steps(data))

    def append(self, action: Action) -> int:
        """Add a step, and wait for the disk; return how many there are now. StorageError, and then it is not added."""
        line = json.dumps(asdict(action)).encode() + b"\n"
        try:
            with self._locked() as fd:
                data = os.pread(fd, MAX_BYTES + 1, 0)
                whole = data[: data.rfind(b"\n") + 1]
                if len(whole) + len(line) > MAX_BYTES:
                    raise StorageError(f"{self.path} is full: no more decisions about this document are taken")
                os.ftruncate(fd, len(whole))
                append(fd, len(whole), line)
        except OSError as e:
            raise StorageError(f"{self.path} cannot be written: {e.strerror}") from e
        return len(list(_steps(whole))) + 1

    @contextmanager
    def _locked(self) -> Iterator[int]:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd
        finally:
            os.close(fd)


def _steps(data: bytes) -> Iterator[Action]:
    for line in data[: data.rfind(b"\n") + 1].splitlines():
        try:
            fields: Any = json.loads(line)
            yield _action.validate_python(fields)
        except (ValueError, ValidationError) as e:
            raise StorageError(f"a line of a review's journal cannot be read: {e}") from e
