"""How sure each published number is, by both readings of the page.

``states`` says of each token with a digit whether both readers agree on it; ``doubts``, what speaks against one that
they agree on.

May import: document, correct.lexicon, correct.two_readers.
"""
