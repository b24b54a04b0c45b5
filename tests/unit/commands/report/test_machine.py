"""scanmend.commands.report.machine: what is installed here, as it is."""

import importlib.metadata
import platform

from scanmend import __version__
from scanmend.commands.report import machine


def test_versions_are_those_that_run():
    said = "\n".join([*machine.lines(), *machine.programs()])
    assert f"scanmend {__version__}, Python {platform.python_version()}" in said
    assert f"llama-cpp-python {importlib.metadata.version('llama-cpp-python')} (" in said
    assert "eng" in said


def test_gpus_and_limits_are_told_or_told_to_be_absent():
    """Each in a line at least."""
    assert list(machine.gpus())
    assert any(line.startswith("inotify max_user_watches: ") for line in machine.limits())


def test_this_machine_is_not_named():
    """Its name is nobody's business."""
    said = "\n".join([*machine.lines(), *machine.programs(), *machine.limits()])
    assert platform.node() not in said or len(platform.node()) < 4
