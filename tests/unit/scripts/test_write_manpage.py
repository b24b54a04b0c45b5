"""The manual page says what the command line says."""

import shutil
import subprocess

import pytest

import write_manpage


def test_the_page_is_what_the_commands_say():
    """Whoever changes a command runs scripts/write_manpage.py."""
    assert write_manpage.PAGE.read_text("utf-8") == write_manpage.page()


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
def test_troff_has_nothing_to_complain_about():
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-Z", write_manpage.PAGE], capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
