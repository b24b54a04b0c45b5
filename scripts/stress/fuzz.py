"""Feed thousands of damaged and hostile files to everything that reads files, in the processes that read them.

    .venv/bin/python scripts/stress/fuzz.py                          5,000 files of each format; hours
    .venv/bin/python scripts/stress/fuzz.py --count 500 pdf tiff     a first look

Each file must end within the time limit as *read*, as *refused* (the document's fault: quarantine) or as *put off*
(tried again, then quarantine). A process that *died* of a signal or *hung* costs that file its worker; scanmend bears
both, but they are told. A finding is what scanmend must not do: an exception that nobody expected (*raised*), or more
memory than the limit (*memory*); the file is kept then. The run goes on where an earlier one with the same folder
ended.
"""

import argparse
import json
import os
import random
import re
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from fuzz_seeds import KINDS, PAPERS, SCANS, bombs, chunk, seeds
from scanmend.errors import ChildDied
from scanmend.process.child import Child, Message
from scanmend.source.settings import ReadSettings, SourceLimits

LIMITS = SourceLimits(max_pages=500, max_megapixels=50, render_dpi=150)
LIMIT_S, START_S = 20.0, 60.0
MOST_MIB = 2048
"""Memory of a worker, which is what the largest page that LIMITS allow may take, several times over."""
OCR_EVERY = 50
"""Every so many scans go through Tesseract, too."""
FINDINGS = ("raised", "memory")
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
ODD = (
    "\0",
    "\ufeff",
    "\u202e",
    "\ud800",
    "😀",
    "\x1b[2J",
    "..",
    "/",
    "'",
    '"',
    "<",
    "&",
    "{",
    "[",
    "#",
    "\r",
    "\u2028",
    "%s",
    "-",
)
MAGIC = (
    b"%PDF-1.7\n",
    b"II*\0",
    b"MM\0*",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"RIFF",
    b"BM",
    b"%%EOF\n",
    b"GGUF",
)


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    kind: str
    index: int
    how: str
    """How the file was made."""
    end: str
    """``read``, ``refused``, ``put off``, ``died``, ``hung``, ``raised`` or ``memory``."""
    said: str
    seconds: float
    mib: int
    """The most memory that the worker had while it looked at this file."""


class Reader:
    """A worker that gets one file after the other, and is replaced when it ends."""

    def __init__(self, folder: Path, limits: SourceLimits = LIMITS, limit_s: float = LIMIT_S) -> None:
        """``folder``: for the files; ``limit_s``: for each."""
        self._folder, self._limits, self._limit_s = folder, limits, limit_s
        self._child: Child | None = None

    def read(self, kind: str, index: int, how: str, data: bytes, *, ocr: bool = False) -> Outcome:
        """Give the file to the worker, and say what became of it."""
        path = self._folder / f"case.{kind}"
        path.write_bytes(data)
        child = self._started()
        _forget_peak(child.pid)
        started = time.monotonic()
        end, said = self._asked(child, self._request(kind, path, ocr=ocr))
        seconds = round(time.monotonic() - started, 3)
        mib = _peak_mib(child.pid) if child.alive else 0
        if end in {"died", "hung", "raised"}:
            self.close()
        elif mib > MOST_MIB:
            end = "memory"
            self.close()
        return Outcome(kind, index, how, end, said, seconds, mib)

    def close(self) -> None:
        """End the worker."""
        child, self._child = self._child, None
        if child is not None:
            child.end(0)

    def _request(self, kind: str, path: Path, *, ocr: bool) -> Message:
        name = os.fsencode(path).hex()
        if kind in PAPERS:
            return {"do": "paper", "path": name, "kind": kind}
        if not ocr:
            return {"do": "render", "path": name, "limits": asdict(self._limits)}
        reading = asdict(ReadSettings(("eng",), self._limits, self._limit_s / 2))
        return {
            "do": "read",
            "path": name,
            "number": 1,
            "settings": reading,
            "work": str(path.parent / f"ocr-{time.time_ns()}"),
        }

    def _asked(self, child: Child, request: Message) -> tuple[str, str]:
        try:
            reply = child.ask(request, self._limit_s)
        except ChildDied as e:
            said = str(e)
            if "no sign of life" in said:
                return "hung", said[:300]
            return ("died" if e.signal is not None else "raised"), said[-1500:]
        if "error" not in reply:
            return "read", ""
        return ("refused" if reply["error"] == "document" else "put off"), str(reply["message"])[:300]

    def _started(self) -> Child:
        if self._child is None or not self._child.alive:
            self.close()
            here = os.pathsep.join([os.path.dirname(__file__), *filter(None, sys.path)])  # noqa: PTH120 -- as sys.path
            self._child = Child("fuzz_worker", {"PYTHONPATH": here})
            (self._folder / "first.yaml").write_bytes(b"")
            self._child.ask(self._request("yaml", self._folder / "first.yaml", ocr=False), START_S)
        return self._child


def case(kind: str, index: int, seed: int) -> tuple[str, bytes]:
    """File number ``index`` of this kind, and how it was made; the same for the same numbers."""
    made = bombs(kind)
    if index < len(made):
        return f"bomb: {made[index][0]}", made[index][1]
    rng = random.Random(f"{seed} {kind} {index}")  # noqa: S311 -- to be repeated
    data = rng.choice(seeds(kind))
    ways = [*WAYS, *(TEXT_WAYS if kind in {"yaml", "jsonl", "hocr", "glossary"} else ()), *OWN_WAYS.get(kind, ())]
    done = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        way = rng.choice(ways)
        data = way(rng, data, kind)
        done.append(way.__name__.strip("_"))
    return " + ".join(done), data


def _cut(rng: random.Random, data: bytes, _: str) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _bits(rng: random.Random, data: bytes, _: str) -> bytes:
    out = bytearray(data)
    for _i in range(rng.choice((1, 2, 5, 30)) if out else 0):
        at = rng.choice(
            (
                rng.randrange(len(out)),
                rng.randrange(min(300, len(out))),
                len(out) - 1 - rng.randrange(min(600, len(out))),
            )
        )
        out[at] = rng.choice((out[at] ^ (1 << rng.randrange(8)), 0, 255, rng.randrange(256)))
    return bytes(out)


def _extreme(rng: random.Random, data: bytes, _: str) -> bytes:
    """Write a number at the edge of its range over something."""
    value, size = rng.choice(EXTREMES), rng.choice((1, 2, 4, 4, 8))
    packed = (value & (1 << 8 * size) - 1).to_bytes(size, rng.choice(("little", "big")))
    at = rng.randrange(min(len(data), rng.choice((64, 512, 1 << 30))) + 1)
    return data[:at] + packed + data[at + size :]


def _digits(rng: random.Random, data: bytes, _: str) -> bytes:
    """Write another number in place of one that stands in the text of the file."""
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    which = rng.choice(found)
    new = rng.choice(
        (b"0", b"-1", b"99999999999", b"1e9", b".5", str(rng.randrange(40)).encode(), b"4294967296", b"9" * 400)
    )
    return data[: which.start()] + new + data[which.end() :]


def _moved(rng: random.Random, data: bytes, _: str) -> bytes:
    """Cut a piece out and put it elsewhere: swapped, doubled or repeated."""
    a, b = sorted(rng.randrange(len(data) + 1) for _i in range(2))
    piece = data[a : min(b, a + 4096)]
    rest = data[:a] + data[b:] if rng.random() < 0.5 else data
    at = rng.randrange(len(rest) + 1)
    return rest[:at] + piece * rng.choice((1, 1, 2, 50)) + rest[at:]


def _noise(rng: random.Random, data: bytes, _: str) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice((rng.randbytes(rng.choice((1, 16, 4096))), bytes(4096), b"\xff" * 4096)) + data[at:]


def _polyglot(rng: random.Random, data: bytes, kind: str) -> bytes:
    """Two formats in one file, one behind the other, or one with the beginning of another."""
    other = rng.choice([k for k in KINDS if k != kind])
    way = rng.randrange(4)
    if way == 0:
        return rng.choice(seeds(other)) + data
    if way == 1:
        return data + rng.choice(seeds(other))
    if way == 2:
        return rng.choice(MAGIC) + data
    at = rng.randrange(min(len(data), 1024) + 1)
    return data[:at] + rng.choice(MAGIC) + data[at:]


def _odd_text(rng: random.Random, data: bytes, _: str) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + (rng.choice(ODD) * rng.choice((1, 1, 3, 2000))).encode("utf-8", "surrogatepass") + data[at:]


def _recoded(rng: random.Random, data: bytes, _: str) -> bytes:
    return data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-8-sig", "latin-1", "utf-7")), "replace")


def _swapped_lines(rng: random.Random, data: bytes, _: str) -> bytes:
    lines = data.split(b"\n")
    rng.shuffle(lines)
    return b"\n".join(lines)


def _chunks(rng: random.Random, data: bytes, _: str) -> bytes:
    """Take the chunks of a PNG apart, change and shuffle them, and set check sums that are right."""
    parts, at = [], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not parts:
        return data
    i = rng.randrange(len(parts))
    name, body = parts[i]
    if name == b"IDAT" and rng.random() < 0.5:
        with suppress(zlib.error):
            body = zlib.compress(_bits(rng, zlib.decompress(body), ""))
    parts[i] = name, rng.choice((_bits, _cut, _extreme))(rng, body, "")
    if rng.random() < 0.3:
        rng.shuffle(parts)
    return data[:8] + b"".join(chunk(*part) for part in parts)


def _objects(rng: random.Random, data: bytes, _: str) -> bytes:
    """Let a reference of a PDF lead elsewhere, most often to what refers to it."""
    found = list(re.finditer(rb"(\d+) 0 R", data))
    if not found:
        return data
    which = rng.choice(found)
    return data[: which.start(1)] + b"%d" % rng.randrange(1, 12) + data[which.end(1) :]


def _names(rng: random.Random, data: bytes, _: str) -> bytes:
    """Exchange two names of a PDF."""
    found = list(re.finditer(rb"/[A-Za-z]+", data))
    if len(found) < 2:
        return data
    which, other = rng.choice(found), rng.choice(found)
    return data[: which.start()] + other[0] + data[which.end() :]


WAYS = (_cut, _bits, _bits, _extreme, _digits, _moved, _noise, _polyglot)
TEXT_WAYS = (_odd_text, _odd_text, _recoded, _swapped_lines)
OWN_WAYS = {"png": (_chunks, _chunks, _chunks), "pdf": (_objects, _objects, _names, _names, _digits)}


def run(kinds: list[str], count: int, seed: int, folder: Path, seconds: float = float("inf")) -> Iterator[Outcome]:
    """Go through files ``0 … count - 1`` of each kind, but for those done before; stop after so many seconds."""
    log, limit = folder / "outcomes.jsonl", time.monotonic() + seconds
    done = {(o.kind, o.index) for o in outcomes(folder)}
    reader = Reader(folder)
    try:
        with log.open("a") as lines:
            for kind in kinds:
                for index in range(count):
                    if (kind, index) in done:
                        continue
                    if time.monotonic() > limit:
                        return
                    how, data = case(kind, index, seed)
                    ocr = kind in SCANS and index % OCR_EVERY == OCR_EVERY - 1
                    outcome = reader.read(kind, index, how, data, ocr=ocr)
                    if outcome.end in {*FINDINGS, "died", "hung"}:
                        (folder / f"{outcome.end}-{index}.{kind}").write_bytes(data)
                    lines.write(json.dumps(asdict(outcome)) + "\n")
                    lines.flush()
                    yield outcome
    finally:
        reader.close()


def outcomes(folder: Path) -> list[Outcome]:
    """What is known of files that were read, in this run or an earlier one."""
    log = folder / "outcomes.jsonl"
    if not log.exists():
        return []
    return [Outcome(**json.loads(line)) for line in log.read_text().splitlines() if line.endswith("}")]


def table(known: list[Outcome]) -> str:
    """One row a format: how many files ended how, the slowest of them, the most memory."""
    ends = ("read", "refused", "put off", "died", "hung", *FINDINGS)
    rows = [f"{'format':9}{'files':>7}" + "".join(f"{end:>9}" for end in ends) + f"{'slowest':>10}{'memory':>10}"]
    for kind in [k for k in KINDS if any(o.kind == k for o in known)]:
        mine = [o for o in known if o.kind == kind]
        counted = Counter(o.end for o in mine)
        row = f"{kind:9}{len(mine):>7}" + "".join(f"{counted[end] or '':>9}" for end in ends)
        rows.append(row + f"{max(o.seconds for o in mine):>8.1f} s{max(o.mib for o in mine):>6} MiB")
    return "\n".join(rows)


def main(arguments: list[str]) -> int:
    """Run, print the table and what to look at; exit code 1 when there are findings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="formats; all of them when none is named")
    parser.add_argument("--count", type=int, default=5000, help="files of each format (5000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long; run again to go on")
    parser.add_argument("--folder", type=Path, default=Path("var/fuzz"), help="outcomes and findings (var/fuzz)")
    options = parser.parse_args(arguments)
    folder = options.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for outcome in run(options.kinds or list(KINDS), options.count, options.seed, folder, options.seconds):
        if outcome.end in {*FINDINGS, "died", "hung"}:
            print(f"{outcome.end:8}{outcome.kind} {outcome.index} ({outcome.how}): {outcome.said[-300:]}", flush=True)
    known = outcomes(folder)
    print(table(known))
    return int(any(o.end in FINDINGS for o in known))


def _forget_peak(pid: int) -> None:
    with suppress(OSError):
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak_mib(pid: int) -> int:
    with suppress(OSError, AttributeError):
        status = Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) >> 10  # type: ignore[index] # the suppressed error
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
