"""Languages: which are installed, which one a text is in, and whether a text is language at all.

- ``codes`` maps Tesseract's names of languages to those of the word lists.
- ``installed`` asks Tesseract what it has, and names what ``languages: auto`` chooses from.
- ``detect`` finds the language of a text by its most common words (``common_words``).
- ``word_files`` reads wordfreq's lists of words, ``word_table`` keeps many of them in little memory.
- ``invisible`` takes out characters that nobody sees, such as direction marks.
- ``scripts`` says which script a letter belongs to.
- ``plausible`` finds text that cannot be what a page shows: broken fonts, wrong encodings, missing blanks.

``codes`` and ``installed`` are light enough for the daemon; word lists are loaded when a page worker needs them.

May import: errors, document.
"""
