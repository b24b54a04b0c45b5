"""Whether the packed data of a picture are whole: evidence that decoders leave out, as they fill what they lack.

- ``jpeg``: the order of markers and restarts, and whether codes (``jpeg_walk``) end where the data of each scan do.
- ``jpx``: whether the codes of each block of JPEG 2000 end where its data do, by OpenJPEG's own check.
- ``jbig2``: whether data end within a segment, and whether its codes end where its data do, by MuPDF's decoder.
- ``fax``: whether CCITT data hold just as many rows as declared, by MuPDF's decoder.
- ``checksums``: those of PNG's chunks and of Deflate streams.

Each gives a reason, as a phrase for a person; empty where nothing speaks against the data, which proves nothing: most
packings have no checksums. What cannot be unpacked at all, the decoders say themselves.

All of it runs in page workers only, as the data are untrusted.

May import: nothing else of this program.
"""
