"""What systemd says of scanmend's unit, where there is systemd and a unit."""

import subprocess
from collections.abc import Mapping

UNIT = "scanmend.service"
PROPERTIES = (
    "LoadState", "ActiveState", "SubState", "Result", "NRestarts", "ExecMainCode", "ExecMainStatus", "UnitFileState",
    "DropInPaths", "PrivateNetwork", "MemoryCurrent", "MemoryHigh", "MemoryMax", "TasksMax", "LimitNOFILE",
)  # fmt: skip
"""What is asked for: state, how it last ended, and what limits it."""
ASK_LIMIT_S = 5.0
"""Seconds that systemd may take to answer."""


def show(*, user: bool = False) -> Mapping[str, str]:
    """Return properties of the unit by name; empty where systemd does not run, or knows no such unit."""
    command = ["systemctl", *(["--user"] if user else []), "show", UNIT, f"--property={','.join(PROPERTIES)}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=ASK_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return found if done.returncode == 0 and found.get("LoadState") == "loaded" else {}


def lines() -> list[str]:
    """Say what systemd knows, of the machine's unit and of this user's."""
    out = []
    for user in (False, True):
        for name, value in show(user=user).items():
            short = ", ".join(path.rpartition("/")[2] for path in value.split()) if name == "DropInPaths" else value
            out.append(f"{'user: ' if user else ''}{name}: {short or '—'}")
    return out or [f"no {UNIT} here, or no systemd"]
