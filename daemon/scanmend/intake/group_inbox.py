"""An inbox of which several files are taken as one: into a folder of their own in the claim folder, all or none."""

import stat
from collections.abc import Mapping
from pathlib import Path

from scanmend.document import Fingerprint
from scanmend.errors import StorageError
from scanmend.fs.file_group import files_in, is_folder, remove_emptied
from scanmend.fs.free_name import MAX_NAME_BYTES, clean, shortened
from scanmend.fs.rename import sync
from scanmend.fs.safe_open import pinned_folder
from scanmend.intake.inbox import BUSY_ERRNOS, GROUP_SUFFIX, Inbox, Missed

GATHERED = ".gathering"
"""Folder in a claim folder in which files lie until all of a document are there; then it gets the document's name."""


class _Changed(Exception):
    """A file is not what was listed any more."""


class GroupInbox(Inbox):
    """The inbox of a folder whose files are put together."""

    def require_claims(self) -> None:
        """Make the folder of claims where there is none, so that it is known later whether the inbox is there.

        StorageError when the inbox is gone or may not be written.
        """
        try:
            self._make_claims()
        except OSError as e:
            raise StorageError(f"files of {self.root} cannot be claimed: {e.strerror}") from e

    def claim_group(self, files: Mapping[Path, Fingerprint], id: str, name: str) -> Path | Missed:  # noqa: A002
        """Take the files, all of one folder and as they were listed, into a folder ``name`` in the claim folder.

        Of any number of daemons exactly one gets them, as all take the same one first. Where one of them is gone or
        changed, those that were taken are back in the inbox. StorageError as ``claim``: then ``put_gathered_back``.
        """
        home = next(iter(files)).parent
        taken = self._claim_folder(id) / name
        try:
            self._make_claim_folder(id)
            with self._at(home) as here, self._claim_at(id) as own:
                (own / GATHERED).mkdir(exist_ok=True)  # as an archive has it, to which it may be renamed
                for file, expected in files.items():
                    (here / file.name).rename(own / GATHERED / file.name)
                    found = (own / GATHERED / file.name).lstat()
                    if not stat.S_ISREG(found.st_mode) or Fingerprint.of(found) != expected:
                        raise _Changed
                sync(own / GATHERED)
                sync(here)
                (own / GATHERED).rename(own / name)
                sync(own)
        except _Changed:
            self.put_gathered_back(id, home)
            return Missed.NOT_YET
        except OSError as e:
            if e.errno not in BUSY_ERRNOS and not isinstance(e, FileNotFoundError | NotADirectoryError):
                raise StorageError(f"files of {self.root / home} cannot be claimed: {e.strerror}") from e
            if self.identity() is None:
                raise StorageError(f"the inbox {self.root} is gone") from e
            if not self.put_gathered_back(id, home):
                self.release(id)
            return Missed.NOT_YET
        return taken

    def put_gathered_back(self, id: str, home: Path) -> bool:  # noqa: A002 -- the field's word
        """Return files to their folder in the inbox of which not all were taken; whether there was such a claim.

        StorageError when the inbox is gone or may not be written.
        """
        folder = self.gathered(id)
        if folder is None:
            return False
        try:
            with pinned_folder(folder) as here:
                names = sorted(path.name for path in here.iterdir())
        except OSError as e:
            raise StorageError(f"{folder} cannot be listed: {e.strerror}") from e
        for name in names:  # also what took a file's place just before it was taken
            self.put_back(folder / name, home / name)
        remove_emptied(folder)
        self.release(id)
        return True

    def gathered(self, id: str) -> Path | None:  # noqa: A002 -- the field's word
        """Return where files lie of which not all were taken, or came back from quarantine; None for no such."""
        folder = self._claim_folder(id) / GATHERED
        try:
            return folder if is_folder(folder) else None
        except StorageError:
            return None

    def members(self, folder: Path) -> dict[str, Fingerprint]:
        """Return the files of a document that were taken together, or lie in quarantine together, by name."""
        found = files_in(folder)
        return {name: Fingerprint.of(one) for name, one in found.items() if not self._folder.ignores(name)}


def folder_name(name: str) -> str:
    """Return the name of the folder in which the files of a document with this name lie when they are taken."""
    return shortened(clean(name), MAX_NAME_BYTES - len(GROUP_SUFFIX)) + GROUP_SUFFIX
