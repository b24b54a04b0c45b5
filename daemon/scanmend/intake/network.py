"""Whether an inbox lies where other machines may write: the kernel tells nobody about what these do there."""

from pathlib import Path

from scanmend.fs.mounts import mount_of

NETWORK_FILE_SYSTEMS = {
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs",
    "gfs2", "ocfs2", "ncpfs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fuse",
}  # fmt: skip
"""File systems that other machines write to, about which inotify hears nothing."""


def filesystem_of(path: Path, mountinfo: str | None = None) -> str:
    """Type of the file system that the path lies on; for mountinfo see ``mount_of``."""
    return mount_of(path, mountinfo)[1]


def is_network(path: Path, mountinfo: str | None = None) -> bool:
    """Whether the path lies where other machines may write, so that it must be polled."""
    kind = filesystem_of(path, mountinfo)
    return kind in NETWORK_FILE_SYSTEMS or kind.startswith("fuse.")
