"""The configuration: one YAML file, read and checked as a whole before anything starts, frozen afterwards.

``search`` decides which file counts. ``load`` reads it in steps: ``yaml_lines`` gives plain values and the line of each
key; ``environment`` puts in what variables override; each folder gets the ``defaults`` that it does not set; ``schema``
(what there is, with its defaults) and ``fields`` (what a single value may be) check every key; what no key alone can
show, such as two folders with one inbox, comes last. All problems come together in one ConfigError, one line for each
with file, line, key and remedy (``messages``). Apart from that, ``permissions`` tells who else could change what the
daemon trusts, and ``glossary_file`` reads the words of a folder, again when they have changed.

Others may use ``load``, ``find``, the classes of ``schema``, ``GlossaryFiles`` and ``permissions``.
This room may import errors, fs, assembly and naming; nearly every room may import it.
"""
