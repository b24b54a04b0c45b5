"""The stable code of each error message, under which the documents explain it.

``codes`` finds the code of a message by its text, as messages travel between processes and through the ledger as text;
``codes.tsv`` has each code with its message. Anybody may use ``codes``; it imports nothing of this package.
"""
