"""What counts as a word when a page is corrected, how common it is, and what in a text is no word at all.

- ``wordlists``: the words of a language and their Zipf frequencies; ``page_words``: these as one page sees them, with
  the folder's ``glossary``, the names that the page repeats and words of other languages on it (``foreign``).
- ``tokens``: a word cut into punctuation and core. ``hyphenation``: words that a line end broke in two.
- ``numbers``: digits, signs and currency symbols, which stay as they were read, and the repair of look-alikes in them.

All functions are pure. The rooms ``correct`` and ``llm.inference`` use this one; it imports ``document`` and
``language`` only.
"""
