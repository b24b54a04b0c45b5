"""Messages to systemd (sd_notify(3)): datagrams to the socket that ``NOTIFY_SOCKET`` names, if any."""

import os
import socket

SEND_TIMEOUT_S = 1.0
"""How long a full queue at the other end may hold up the caller, in seconds."""


def notify(*lines: str) -> bool:
    """Send states such as ``READY=1`` or ``STATUS=…``; return whether systemd got them."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as s:
            s.settimeout(SEND_TIMEOUT_S)
            s.connect(address)
            s.sendall("\n".join(lines).encode("utf-8", "backslashreplace"))
    except OSError:
        return False
    return True


def watchdog_s() -> float | None:
    """Seconds between pings that systemd expects at most; None when it expects none."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        interval = int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return None
    return interval if interval > 0 else None
