"""scanmend.llm.inference.weights: which layout of the weights is the fast one."""

import pytest

from scanmend.llm.inference.weights import file_layout_is_faster


@pytest.mark.parametrize(
    ("quantization", "features", "release", "expected"),
    [
        ("Q4_K_M", b"AVX512_VNNI = 1 | ", "0.3.36", True),
        ("Q6_K", b"AVX512_VNNI = 1 | ", "0.4.0", True),
        ("Q4_K_M", b"AVX512_VNNI = 1 | ", "0.3.35", False),
        ("Q4_0", b"AVX512_VNNI = 1 | ", "0.3.36", False),
        ("Q4_K_M", b"AVX2 = 1 | ", "0.3.36", False),
        ("Q4_K_M", b"NEON = 1 | DOTPROD = 1 | ", "0.3.36", False),
        ("Q4_K_M", b"AVX512_VNNI = 1 | AMX_INT8 = 1 | ", "0.3.36", False),
    ],
)
def test_weights_that_stay_as_they_are(quantization, features, release, expected):
    """Where llama.cpp is faster with them as they are; elsewhere it repacks them."""
    assert file_layout_is_faster(quantization, features, release) is expected
