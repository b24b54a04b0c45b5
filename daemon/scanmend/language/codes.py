"""Language codes: Tesseract's name for a language to that of the word lists."""

CODES = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de", "deu_latf": "de",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fil": "fil", "fin": "fi", "fra": "fr", "frk": "de",
    "frm": "fr", "heb": "he", "hin": "hi", "hrv": "sh", "hun": "hu", "ind": "id", "isl": "is", "ita": "it",
    "lav": "lv", "lit": "lt", "mkd": "mk", "msa": "ms", "nld": "nl", "nor": "nb", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "srp_latn": "sh", "swe": "sv", "tur": "tr",
    "ukr": "uk", "vie": "vi",
}  # fmt: skip
"""Tesseract's language names (ISO 639-2/T, more or less) to wordfreq's (ISO 639-1)."""
