"""No module of scanmend loads PyMuPDF's layout networks or ONNX Runtime, even where these are installed."""

import os
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest

import scanmend

LOADED = 99
OURS = sorted(
    str(path.relative_to(Path(scanmend.__file__).parent.parent).with_suffix("")).replace("/", ".")
    for path in Path(scanmend.__file__).parent.rglob("*.py")
    if path.stem not in {"__main__", "__init__"} and "import pymupdf" in path.read_text("utf-8")
)


@pytest.fixture
def haunted(tmp_path) -> dict[str, str]:
    """Return an environment in which PyMuPDF finds such networks, and whoever imports them ends at once."""
    package = tmp_path / "pymupdf"
    package.mkdir()
    (package / "layout.py").write_text(f"import os\nos._exit({LOADED})\n")
    spread = f"import pymupdf_path\n__path__ = [{str(package)!r}, *pymupdf_path.REAL]\n"
    (tmp_path / "pymupdf_path.py").write_text(f"REAL = {list(pymupdf.__path__)!r}\n")
    real = Path(pymupdf.__file__)
    code = f"exec(compile(open({str(real)!r}).read(), {str(real)!r}, 'exec'))\n"
    (package / "__init__.py").write_text(spread + code)
    (tmp_path / "onnxruntime.py").write_text(f"import os\nos._exit({LOADED})\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}


def status(code: str, environment: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode


def test_by_itself_pymupdf_loads_them(haunted):
    """Without scanmend, PyMuPDF loads them: otherwise the next test could not fail."""
    assert status("import pymupdf", haunted) == LOADED


@pytest.mark.parametrize("module", OURS)
def test_no_module_of_ours_has_them_loaded(haunted, module):
    """Each module on its own, so that it does not depend on the order of imports."""
    assert status(f"import {module}, sys; assert 'pymupdf' in sys.modules", haunted) == 0


def test_there_are_such_modules():
    assert "scanmend.source.render_pdf" in OURS
    assert "scanmend.outputs.pdf.from_pdf" in OURS
