"""Names of documents: what a folder asks for in ``output_name``, and names that every file system takes.

1. ``template.parse`` reads ``{date:%Y-%m-%d} {barcode|none} {stem}`` once, with an error that says where it is wrong.
2. ``Template.render`` puts in what is known of a document, or the fallback.
3. ``safe.safe_name`` makes any text a name for ext4, NTFS and SMB.

All of it is pure. That a name is free, and stays the same over retries, ``jobs`` and the ledger see to.
May import nothing of scanmend.
"""
