"""What the name of a GGUF file says: quantization, shard, model; pure functions of names."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

ALIASES = {"int8": "q8_0", "int4": "q4_k_m", "fp16": "f16", "fp32": "f32"}
"""Other names of quantizations, and how GGUF calls them."""

_QUANTIZATION = re.compile(
    r"(?<![a-z0-9])((?:ud-)?(?:i?q\d(?:_[0-9a-z]+)+|tq\d_\d|(?:mx|nv)fp4(?:_moe)?|bf16|fp?16|fp?32))(?![a-z0-9_])"
)
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})(?=\.gguf$)", re.IGNORECASE)
_NO_MODEL = re.compile(r"mmproj|imatrix|(?:^|[-_.])(?:draft|mtp|lora|vocab)(?=[-_.])", re.IGNORECASE)
"""GGUF files beside a model that are no language model: vision projectors, importance matrices, drafts, adapters."""


class AmbiguousError(Exception):
    """More than one model fits: ``names``."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def canonical(quantization: str) -> str:
    """Return GGUF's name of a quantization in lower case: ``int8`` and ``Q8_0`` are both ``q8_0``."""
    lower = quantization.strip().lower()
    return ALIASES.get(lower, lower)


def quantizations(file: str) -> list[str]:
    """Return every quantization that the file's name has, canonical, in order."""
    return [canonical(token) for token in _QUANTIZATION.findall(_bare(file).lower())]


def is_model(file: str) -> bool:
    """Whether a language model can be loaded from a file of this name: a whole GGUF, or a first shard."""
    name = PurePosixPath(file).name
    shard = _SHARD.search(name)
    return name.lower().endswith(".gguf") and not _NO_MODEL.search(name) and (not shard or int(shard[1]) == 1)


def shards(file: str) -> list[str]:
    """Return all files of the model that ``file`` is a shard of, in order; just ``file`` when it is whole."""
    found = _SHARD.search(file)
    if not found:
        return [file]
    count = min(int(found[2]), 999)
    return [f"{file[: found.start()]}-{n:05d}-of-{found[2]}{file[found.end() :]}" for n in range(1, count + 1)]


def is_of(file: str, repo_id: str) -> bool:
    """Whether a file's name without its quantization is the repository's; case and separators do not count."""
    stem = _QUANTIZATION.sub("", _bare(file).lower())
    repo = re.sub(r"[-_.]gguf$", "", repo_id.rpartition("/")[2].lower())
    return _letters(stem) == _letters(repo)


def pick(files: Iterable[str], quantization: str, repo_id: str) -> str | None:
    """Return the one file of exactly this quantization, the first shard of a sharded one; None without any.

    Names with no other quantization in them, and those that bear the repository's name, come first.
    Raises AmbiguousError when several models fit equally well.
    """
    wanted = canonical(quantization)
    fit = sorted(f for f in files if is_model(f) and wanted in quantizations(f))
    fit = [f for f in fit if len(quantizations(f)) == 1] or fit
    fit = [f for f in fit if is_of(f, repo_id)] or fit
    if len(fit) > 1:
        raise AmbiguousError(fit)
    return fit[0] if fit else None


def _bare(file: str) -> str:
    return re.sub(r"\.gguf$", "", _SHARD.sub("", PurePosixPath(file).name), flags=re.IGNORECASE)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text)
