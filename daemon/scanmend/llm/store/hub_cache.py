"""The cache that Hugging Face's own tools keep for this user: where it is, and what it has of a repository."""

import os
from collections.abc import Iterator
from pathlib import Path

from scanmend.document import printable


def hub_cache() -> Path:
    """Return the folder of the Hugging Face cache, as huggingface_hub determines it."""
    env = os.environ
    home = env.get("HF_HOME") or f"{env.get('XDG_CACHE_HOME') or '~/.cache'}/huggingface"
    cache = Path(os.path.expandvars(env.get("HF_HUB_CACHE") or env.get("HUGGINGFACE_HUB_CACHE") or f"{home}/hub"))
    try:
        return cache.expanduser()
    except RuntimeError:  # an account without a home folder has no cache
        return cache


def snapshots(repo_id: str, revision: str | None, searched: list[str]) -> Iterator[tuple[str, Path]]:
    """Yield commits that may be the revision, each with its folder; the place is added to ``searched``."""
    root = hub_cache() / f"models--{repo_id.replace('/', '--')}"
    searched.append(f"Hugging Face cache {printable(root)}")
    yield from ((commit, root / "snapshots" / commit) for commit in _commits(root, revision))


def _commits(root: Path, revision: str | None) -> list[str]:
    """Return commits in the cache that may be the revision; without one, that of main first, then the newest."""
    try:
        there = {entry.name: entry.stat().st_mtime for entry in os.scandir(root / "snapshots") if entry.is_dir()}
    except OSError:
        return []
    try:
        named = (root / "refs" / (revision or "main")).read_text("ascii").strip()
    except (OSError, ValueError):
        named = revision or ""
    if revision is not None:
        return [named] if named in there else []
    return sorted(there, key=lambda commit: (commit != named, -there[commit]))
