"""The machine and what is installed on it: versions, processor, memory, GPU, limits."""

import importlib.metadata
import os
import platform
import resource
from collections.abc import Iterator
from pathlib import Path

from scanmend import __version__
from scanmend.errors import OcrError
from scanmend.language.installed import installed_languages, tesseract_version
from scanmend.llm.scheduler import gpu_memory

PACKAGES = (
    "llama-cpp-python", "openvino", "rapidocr", "pymupdf", "pillow", "opencv-python-headless", "pytesseract", "pi-heif",
    "watchdog", "structlog", "pydantic", "huggingface_hub", "starlette", "uvicorn", "prometheus-client", "apprise",
)  # fmt: skip
"""Packages whose version matters when something goes wrong."""
LIMITS = {"open files": resource.RLIMIT_NOFILE, "processes": resource.RLIMIT_NPROC, "memory": resource.RLIMIT_AS}


def lines() -> Iterator[str]:
    """Say what runs here, and on what."""
    yield f"scanmend {__version__}, Python {platform.python_version()}"
    yield f"{_os()}, Linux {platform.release()}, {platform.machine()}, {' '.join(platform.libc_ver()) or 'no glibc'}"
    yield f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} processors: {_processor()}"
    yield f"memory: {_meminfo('MemTotal')}, {_meminfo('MemAvailable')} available, {_meminfo('SwapFree')} of swap free"


def programs() -> Iterator[str]:
    """Name Tesseract with its languages, and the packages."""
    try:
        yield f"tesseract {tesseract_version()}: {', '.join(sorted(installed_languages()))}"
    except OcrError as e:
        yield f"tesseract: {e}"
    for name in PACKAGES:
        try:
            yield f"{name} {importlib.metadata.version(name)}{_backends(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield f"{name}: not installed"


def gpus() -> Iterator[str]:
    """Name the GPUs that can be used, with driver and free memory."""
    found = gpu_memory.measure()
    if found is None:
        yield "none that NVML finds"
        return
    yield f"{found.machine}; driver {gpu_memory.driver() or 'unknown'}"
    yield f"{found.free_mib:.0f} of {found.total_mib:.0f} MiB free"


def limits() -> Iterator[str]:
    """Name the limits that a shell of this user has; the service's own are in its unit."""
    for name, number in LIMITS.items():
        soft, hard = (str(n) if n != resource.RLIM_INFINITY else "unlimited" for n in resource.getrlimit(number))
        yield f"{name}: {soft} (at most {hard})"
    for name in ("max_user_watches", "max_user_instances", "max_queued_events"):
        yield f"inotify {name}: {_read(f'/proc/sys/fs/inotify/{name}')}"


def _backends(package: str) -> str:
    """Which libraries of ggml llama.cpp was built with."""
    if package != "llama-cpp-python":
        return ""
    files = importlib.metadata.files(package) or ()
    names = {file.name.split(".")[0].removeprefix("libggml-") for file in files if file.name.startswith("libggml-")}
    return f" ({', '.join(sorted(names))})" if names else ""


def _os() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown system")
    except OSError:
        return "unknown system"


def _processor() -> str:
    names = (line.partition(":")[2].strip() for line in _read("/proc/cpuinfo").splitlines() if "model name" in line)
    return next(names, "unknown")


def _meminfo(key: str) -> str:
    for line in _read("/proc/meminfo").splitlines():
        if line.startswith(f"{key}:"):
            return f"{int(line.split()[1]) >> 10} MiB"
    return "unknown"


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return "unknown"
