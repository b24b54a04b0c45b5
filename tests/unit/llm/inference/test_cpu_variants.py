"""One CPU library of several is chosen, by what each says of this processor."""

import ctypes
import shutil
import subprocess

import pytest

from project import ROOT
from scanmend.llm.inference.cpu_variants import chosen, load
from scanmend.llm.inference.engine import use_cpu

SCORES = {"x64": 1, "haswell": 60, "zen4": 2000, "sapphirerapids": 4000, "alderlake": 0}


def test_the_fastest_that_can_run_is_chosen():
    """One that cannot run here scores 0, however modern it is."""
    assert chosen({"x64": 1, "haswell": 60, "zen4": 0}, safe=False) == "haswell"
    assert chosen(SCORES, safe=False) == "zen4"


def test_one_with_amx_is_not_chosen():
    """Also where it is the only one, as it would end the process."""
    assert chosen({"sapphirerapids": 4000}, safe=False) is None


def test_safe_takes_the_one_that_asks_the_least():
    """For processors that promise what they do not carry out."""
    assert chosen(SCORES, safe=True) == "x64"


def test_nothing_to_choose_from():
    """As in a build for one processor."""
    assert chosen({}, safe=False) is None
    assert chosen({"zen4": 0}, safe=True) is None


class Heard(ctypes.CDLL):
    """llama.cpp's loader, which notes what it is given instead."""

    def __init__(self):
        self.names = []
        self.ggml_backend_load = lambda path: self.names.append(path.decode().rpartition("/")[2])


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_libraries_are_asked_and_loaded(tmp_path):
    """Those for GPUs before the CPU's, one that is no library is passed over, and ggml's own parts are left alone."""
    for name, score in {"cpu-x64": 1, "cpu-zen4": 2000, "cpu-alderlake": 0, "cuda": 5, "base": 9}.items():
        code = f"int ggml_backend_score(void) {{ return {score}; }}"
        target = tmp_path / f"libggml-{name}.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", target], input=code.encode(), check=True)
    (tmp_path / "libggml-cpu-broken.so").write_bytes(b"no library")
    for safe, kind in ((False, "zen4"), (True, "x64")):
        ggml = Heard()
        assert load(tmp_path, ggml, safe=safe) == kind
        assert ggml.names == ["libggml-cuda.so", f"libggml-cpu-{kind}.so"]


def test_a_build_for_one_processor_is_left_as_it_is(tmp_path):
    """No library is loaded beside those that Python loads with llama.cpp."""
    ggml = Heard()
    assert load(tmp_path, ggml, safe=False) is None
    assert ggml.names == []
    assert use_cpu() is None or use_cpu() != "sapphirerapids"


def test_packages_and_container_carry_all_kinds():
    """Both are built by the same arguments."""
    arguments = (ROOT / "packaging" / "llama-cmake-args.txt").read_text().split()
    assert {"-DGGML_NATIVE=OFF", "-DGGML_BACKEND_DL=ON", "-DGGML_CPU_ALL_VARIANTS=ON"} <= set(arguments)
    for name in ("scripts/build_deb", "Dockerfile"):
        assert "$(cat packaging/llama-cmake-args.txt)" in (ROOT / name).read_text("utf-8")
