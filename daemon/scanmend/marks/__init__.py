"""Marks on page images that machines print for machines: barcodes, and the patch codes of separator sheets.

1. ``barcodes`` reads Code 39, Code 128, EAN, QR and DataMatrix; it alone imports zxing-cpp.
2. ``patch_codes`` finds the six patch codes by the widths of their bars; it is pure, on an array of grey levels.

Both run in page workers, on the page as it stands upright, and only for folders that split by such marks: nobody else
pays for them. What a mark means is not decided here but in ``assembly``.
May import: document.
"""
