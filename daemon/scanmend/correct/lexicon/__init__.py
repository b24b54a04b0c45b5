"""What counts as a word when a page is corrected, how common it is, and what in a text is no word at all.

- ``wordlists``: the words of a language and their Zipf frequencies; ``page_words``: these as one page sees them, with
  the folder's ``glossary``, the names that the page repeats and words of other languages on it (``foreign``).
- ``tokens``: a word cut into punctuation and core. ``hyphenation``: words that a line end broke in two.
- ``numbers``: digits, signs and currency symbols, which no model changes, and the repair of look-alikes in them;
  ``number_marks``: whether a comma or a point stands in them.
- ``spelling``: a second reading of a word, with blanks, marks and look-alikes as the first reading has them.

All functions are pure. The rooms ``correct`` and ``llm.inference`` use this one; it imports ``document`` and
``language`` only.
"""
