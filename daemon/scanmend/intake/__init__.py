"""What lies in an inbox, and when it is whole.

1. ``fs_events`` calls back when something changed in a folder; the event itself carries nothing. Of what other
   machines do it hears nothing: ``network`` says where these may write.
2. ``inbox`` lists the files that may be scans, each with a fingerprint: inode, size and time.
3. ``settle`` says which of them did not change for the folder's ``settle_s``; it is pure.
4. ``sniff`` reads a few KiB of a settled file: a complete scan, incomplete, or no scan at all.
5. ``pauses``: the inboxes from which a person has nothing taken for now.
6. ``inbox`` takes a file by one atomic rename into ``<inbox>/.scanmend/<id>/``, and puts it back under a free name.
7. ``group_inbox`` takes several files at once, as one document: all, or none.
8. ``presence``: which other daemons work with an inbox that is shared, whether they live, and which claims are theirs.

``service`` decides which files are claimed, and when; ``jobs`` makes a claim outlast a crash. Both import this room.
May import errors, document, config, fs, source.pdf and source.image; watchdog is imported in ``fs_events`` alone.
"""
