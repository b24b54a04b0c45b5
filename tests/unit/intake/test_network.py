"""scanmend.intake.network: which mounts other machines may write to."""

from pathlib import Path

import pytest

from scanmend.intake.network import filesystem_of, is_network

MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw - nfs4 server:/export rw,vers=4.2
31 30 0:41 / /srv/local rw shared:9 master:2 - xfs /dev/sdb1 rw
32 22 0:42 / /media/two\040words rw - cifs //nas/scans rw
33 22 0:43 / /mnt/odd\134name rw - fuse.sshfs me@host:/ rw
34 22 0:44 / /auto rw - autofs systemd-1 rw
35 34 0:45 / /auto rw - nfs server:/auto rw
36 22 0:46 / /stick rw - fuseblk /dev/sdc1 rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/home/scans", "ext4", False),
        ("/srv", "nfs4", True),
        ("/srv/in", "nfs4", True),
        ("/srv/local/in", "xfs", False),
        ("/srvother", "ext4", False),
        ("/media/two words/in", "cifs", True),
        ("/mnt/odd\\name", "fuse.sshfs", True),
        ("/auto/in", "nfs", True),
        ("/stick/in", "fuseblk", False),
    ],
)
def test_network_file_systems(path, kind, network):
    """The deepest mount that holds the path decides, the later of two on one folder, whatever its name is."""
    assert filesystem_of(Path(path), MOUNTS) == kind
    assert is_network(Path(path), MOUNTS) is network


def test_this_machine():
    """The mounts of the running system can be read."""
    assert filesystem_of(Path("/proc")) == "proc"
    assert not is_network(Path("/proc"))
