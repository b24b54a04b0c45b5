"""Whatever of scanmend loads PyMuPDF, its layout networks and ONNX Runtime stay out, even where they are installed."""

import os
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest

LOADED = 99


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
    for name in ("onnxruntime", "openvino_telemetry"):
        (tmp_path / f"{name}.py").write_text(f"import os\nos._exit({LOADED})\n")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}


def status(code: str, environment: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode


def test_by_itself_pymupdf_loads_them(haunted):
    """Without scanmend, PyMuPDF loads them: otherwise the next test could not fail."""
    assert status("import pymupdf", haunted) == LOADED


def test_below_scanmend_it_does_not(haunted):
    """The package itself sees to it, which Python runs before any of its modules, whichever comes first."""
    assert status("import scanmend, pymupdf", haunted) == 0
    assert status("import scanmend.outputs.pdf.from_pdf, sys; assert 'pymupdf' in sys.modules", haunted) == 0


def test_nor_does_openvino_load_what_reports_to_its_maker(haunted):
    """By itself OpenVINO does, where it is installed."""
    assert status("import openvino", haunted) == LOADED
    assert status("import scanmend.second_reader.network, sys; assert 'openvino' in sys.modules", haunted) == 0


def test_a_page_worker_starts_without_mupdf():
    """Only PDFs need it, and it takes a third of the time until a worker can begin."""
    loaded = "import scanmend.pageworkers.worker, sys; assert 'pymupdf' not in sys.modules"
    assert status(loaded, {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}) == 0
