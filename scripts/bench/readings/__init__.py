"""Pages read in several ways, and the table that compares them; bench/reading.py is its command line.

1. ``ways`` says which ways there are and how each is configured; ``runs`` runs ``scanmend process`` over a set for
   each, and takes texts, numbers and seconds from what it writes. ``second_alone`` asks the second reader by itself.
2. ``scores`` compares what came out with the truth, page by page, and sums it up. ``table`` prints it.

Every way yields the same ``Reading`` of each page, so that scoring does not know where it comes from.
"""
