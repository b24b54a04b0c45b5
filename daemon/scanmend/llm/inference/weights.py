"""Which layout of a model's weights in memory is the fastest for this processor."""

import re

_FILE_LAYOUT_SINCE = (0, 3, 36)
"""Release of llama-cpp-python that this was measured with; older ones are taken to be without it."""


def file_layout_is_faster(quantization: str, features: bytes, release: str) -> bool:
    """Whether weights are fastest as they are in their file: K-quants, on a processor with AVX-512 VNNI.

    llama.cpp repacks weights when it loads them. Since it can tile K-quants as they are, repacking them costs a second
    copy in memory, and batches of 16 rows and more take up to half as long again; single rows take the same. AMX has
    a layout of its own, which is faster still. ``features``: llama.cpp's system info; ``release``: of llama-cpp-python.
    """
    recent = tuple(int(n) for n in re.findall(r"\d+", release)[:3]) >= _FILE_LAYOUT_SINCE
    return recent and b"AVX512_VNNI = 1" in features and b"AMX_INT8 = 1" not in features and "_K" in quantization
