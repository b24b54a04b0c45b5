"""OCR: pages are rendered and read by Tesseract in worker processes."""
