"""A document in review as it lies before a person: page image, text, and one doubtful place after the other. Pure.

1. ``desk.desk`` puts a document on the desk at one place: its marks on the image, what comes before and after it.
2. ``places`` makes the card of that place: every reading, who has it, and the key that takes it.
3. ``page_text`` marks the places in the text of their page, as it is after what was decided.
4. ``queue`` has the documents that wait for all that, page by page.

Only ``web`` imports this room, which imports review, ledger and document.
"""
