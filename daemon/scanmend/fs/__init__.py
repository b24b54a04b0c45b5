"""Files: written so that none is ever seen by half, renamed and opened with care; and the disks that they are on.

To write a file: a part file beside it, filled, synced, renamed to its name, and its folder synced. Nothing is ever
overwritten where ``publish`` and ``move`` write; ``replace`` and ``commit`` say that they do.

- ``atomic``: write, move, and sweep what a crash left; ``rename``: without overwriting, and syncing a folder
- ``file_group``: files that belong together, in a folder of their own
- ``free_name``: a free name that any file system takes
- ``append``: to the end of a file, all of it or nothing; ``find_last``: the last place of some bytes in a long file
- ``safe_open``: opening below a folder where others may put links; ``source_handle``: a source kept open in work
- ``password_file``: passwords, one a line, that nobody else may read
- ``ownership``: mode and group of files written; ``free_space`` and ``mounts``: whether a folder can be used

All of it may be used by any room; it imports ``errors`` only. StorageError says that a disk or folder is at fault.
"""
