"""What is known of Tesseract's languages by their names: the code that word lists use, and the script."""

CODES = {
    "ara": "ar", "ben": "bn", "bul": "bg", "cat": "ca", "ces": "cs", "dan": "da", "deu": "de", "deu_latf": "de",
    "ell": "el", "eng": "en", "est": "et", "fas": "fa", "fil": "fil", "fin": "fi", "fra": "fr", "frk": "de",
    "frm": "fr", "heb": "he", "hin": "hi", "hrv": "sh", "hun": "hu", "ind": "id", "isl": "is", "ita": "it",
    "lav": "lv", "lit": "lt", "mkd": "mk", "msa": "ms", "nld": "nl", "nor": "nb", "pol": "pl", "por": "pt",
    "ron": "ro", "rus": "ru", "slk": "sk", "slv": "sl", "spa": "es", "srp_latn": "sh", "swe": "sv", "tur": "tr",
    "ukr": "uk", "vie": "vi",
}  # fmt: skip
"""Tesseract's language names (ISO 639-2/T, more or less) to wordfreq's (ISO 639-1)."""

_SCRIPTS = {
    "Arabic": "ara fas kur_ara pus snd uig urd", "Armenian": "hye", "Bengali": "asm ben", "Canadian": "iku",
    "Cherokee": "chr", "Cyrillic": "aze_cyrl bel bul kaz kir mkd mon rus srp tat tgk ukr uzb_cyrl",
    "Devanagari": "hin mar nep san", "Ethiopic": "amh tir", "Georgian": "kat kat_old", "Greek": "ell grc",
    "Gujarati": "guj", "Gurmukhi": "pan", "Han": "chi_sim chi_sim_vert chi_tra chi_tra_vert", "Hangul": "kor kor_vert",
    "Hebrew": "heb yid", "Japanese": "jpn jpn_vert", "Kannada": "kan", "Khmer": "khm", "Lao": "lao", "Malayalam": "mal",
    "Myanmar": "mya", "Oriya": "ori", "Sinhala": "sin", "Syriac": "syr", "Tamil": "tam", "Telugu": "tel",
    "Thaana": "div", "Thai": "tha", "Tibetan": "bod dzo",
}  # fmt: skip
_SCRIPT_OF = {language: script for script, languages in _SCRIPTS.items() for language in languages.split()}


def script_of_language(language: str) -> str:
    """Return the script of a language, or of ``script/NAME``, by Tesseract's name: Latin where it is no other.

    Japanese is Kana and Han together; traditional and simplified characters are one script, and so are their
    vertical kinds.
    """
    kind, _, name = language.rpartition("/")
    if kind == "script":
        return "Han" if name.startswith("Han") and name != "Hangul" else name.removesuffix("_vert")
    return _SCRIPT_OF.get(language, "Latin")
