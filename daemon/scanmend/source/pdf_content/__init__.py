"""What the content streams of a PDF page draw: its text, which of it is hidden, and how to take that out.

1. ``content_stream`` finds the operators of a stream and where they stand in its bytes. Pure.
2. ``text_operations`` goes through a page and the form XObjects that it draws, and lists what shows text.
3. ``hidden`` decides which of that is hidden, by rendering the page with and without it.
4. ``rewrite`` gives a page edited streams, as new objects, so that nothing else of the file changes.

For reading, hidden text is taken out in memory; for the ``pdf`` output, out of the copy.

May import: nothing of the package.
"""
