"""scanmend: watch scanner folders, OCR each scan, mend the OCR errors with a local language model."""

__version__ = "0.1.0"
