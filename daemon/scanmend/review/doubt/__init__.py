"""What is doubtful on corrected pages, and what a person's decisions make of them. All of it is pure.

1. ``spans`` names the parts that a line's published text consists of by the words of the page that they come from.
2. ``places`` finds the doubtful places of a document's pages, with every reading and the reason for doubt.
3. ``decisions`` checks what a person says of them, and knows which decisions hold after some were taken back.
4. ``decided`` puts the decisions that hold into the pages, and says what the record tells of them.

May import: errors, document, correct.two_readers, outputs.
"""
