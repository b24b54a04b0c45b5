"""16-bit floats only where the processor has AMX for them and nobody objects."""

import pytest

from scanmend.second_reader.precision import EXACT, float_kind

WITH, WITHOUT = "flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n", "flags\t\t: fpu avx512_bf16 amx_int8\n"


@pytest.mark.parametrize(
    ("cpuinfo", "environ", "kind"),
    [
        (f"processor\t: 0\n{WITH}", {}, "bf16"),
        (f"processor\t: 0\n{WITH}", EXACT, "f32"),
        (WITHOUT, {}, "f32"),
        ("model name\t: amx_bf16\n", {}, "f32"),
    ],
)
def test_float_kind(tmp_path, cpuinfo, environ, kind):
    """The processor's flags decide, and the environment overrules them."""
    file = tmp_path / "cpuinfo"
    file.write_text(cpuinfo)
    assert float_kind(environ, file) == kind


def test_a_machine_that_does_not_tell(tmp_path):
    """As where /proc is hidden."""
    assert float_kind({}, tmp_path / "none") == "f32"
