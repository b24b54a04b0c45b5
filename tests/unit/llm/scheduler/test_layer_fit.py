"""Which number of layers goes to a GPU: tables of cases."""

from dataclasses import replace

import pytest

from scanmend.config.schema import ModelSpec
from scanmend.llm.scheduler.layer_fit import RESERVE_MIB, fit, layer_counts_to_try, layers_wanted, need_mib
from scanmend.llm.store.gguf import Header

MIB = 2**20
SMALL = Header(
    architecture="llama", layers=30, context_length=8192, embedding_length=576, heads=9, kv_heads=3, head_size=64,
    quantization="Q4_1", chat_template=None, parameters=134_515_008, tensors=272, size=98 * MIB,
)  # fmt: skip
QWEN_3B = replace(
    SMALL, architecture="qwen2", layers=36, context_length=32768, heads=16, kv_heads=2, head_size=128,
    parameters=3_085_938_688, size=3136 * MIB,
)  # fmt: skip
LLAMA_70B = replace(SMALL, layers=80, context_length=131_072, kv_heads=8, head_size=128, size=40_500 * MIB)


def spec(**settings):
    return ModelSpec(path="m.gguf", **settings)


@pytest.mark.parametrize(
    ("header", "context", "free", "gpus", "layers"),
    [
        (SMALL, 4096, 80_000, 1, 31),
        (SMALL, 4096, 0, 1, 0),
        (SMALL, 4096, RESERVE_MIB, 1, 0),
        (SMALL, 4096, 1024, 1, 19),  # a GPU that others have filled
        (QWEN_3B, 4096, 24_000, 1, 37),
        (QWEN_3B, 4096, 6_000, 1, 37),
        (QWEN_3B, 4096, 4_000, 1, 33),
        (QWEN_3B, 32_768, 4_000, 1, 25),  # the longer the context, the fewer
        (QWEN_3B, 1_000_000, 4_000, 1, 25),  # but never longer than the model was made for
        (QWEN_3B, 4096, 2_000, 1, 11),
        (LLAMA_70B, 4096, 24_000, 1, 42),
        (LLAMA_70B, 4096, 48_000, 2, 81),
        (LLAMA_70B, 131_072, 48_000, 2, 44),
    ],
)
def test_how_many_fit(header, context, free, gpus, layers):
    """Weights, cache and reserve of that many are within what is free; those of one more are not."""
    assert fit(header, context, free, gpus) == layers
    if layers:
        assert need_mib(header, context, layers, gpus) <= free
    if layers < header.layers + 1:
        assert need_mib(header, context, layers + 1, gpus) > free


def test_what_is_needed():
    """5 % more than the file, twice an f16 for each head, token and layer, and the reserve; nothing for no layer."""
    cache = 2 * 4096 * 2 * 128 * 2 * 37 / MIB
    assert need_mib(QWEN_3B, 4096, 37) == pytest.approx(3136 * 1.05 + cache + RESERVE_MIB)
    assert need_mib(QWEN_3B, 4096, 37, gpus=2) == pytest.approx(need_mib(QWEN_3B, 4096, 37) + RESERVE_MIB)
    assert need_mib(QWEN_3B, 4096, 0) == 0.0


@pytest.mark.parametrize(
    ("settings", "fitting", "known", "tried"),
    [
        ({}, 31, None, [31, 15, 7, 0]),
        ({}, 12, None, [12, 6, 3, 0]),
        ({}, 1, None, [1, 0]),
        ({}, 0, None, [0]),
        ({}, None, None, ["auto", 15, 7, 0]),
        ({}, 31, 15, [15, 7, 3, 0]),
        ({}, 12, 15, [12, 6, 3, 0]),
        ({}, 31, 0, [0]),
        ({}, None, 7, [7, 3, 1, 0]),
        ({"gpu_layers": "all"}, 12, None, ["all", 15, 7, 0]),
        ({"gpu_layers": "all"}, 12, 7, [7, 3, 1, 0]),
        ({"gpu_layers": 20}, 12, None, [20, 10, 5, 0]),
        ({"gpu_layers": 20}, 12, 5, [5, 2, 1, 0]),
        ({"gpu": "off"}, 31, None, [0]),
        ({"gpu_layers": 0}, 31, None, [0]),
        ({"gpu": "required"}, 31, None, [31, 15, 7, 1]),
        ({"gpu": "required"}, 0, None, [1]),
        ({"gpu": "required"}, None, None, ["auto", 15, 7, 1]),
        ({"gpu": "required", "gpu_layers": 20}, 12, 5, [20]),
        ({"gpu": "required", "gpu_layers": "all"}, 12, None, ["all"]),
    ],
)
def test_numbers_of_layers_to_try(settings, fitting, known, tried):
    """All, a half, a quarter, none; what is known of this machine comes first; ``required`` never ends on the CPU."""
    assert layer_counts_to_try(spec(**settings), 30, fitting, known) == tried


@pytest.mark.parametrize(
    ("settings", "total", "layers"),
    [
        ({}, 80_000, 31),
        ({}, 1024, 19),
        ({}, 500, 0),
        ({"gpu_layers": 20}, 80_000, 20),
        ({"gpu_layers": 99}, 80_000, 31),
        ({"gpu_layers": 20}, 1024, 0),  # more than the GPU can ever hold: nothing to wait for
        ({"gpu_layers": "all"}, 80_000, 31),
        ({"gpu": "off"}, 80_000, 0),
    ],
)
def test_what_is_worth_waiting_for(settings, total, layers):
    """What the model would have if it were alone on the GPU."""
    assert layers_wanted(spec(**settings), SMALL, total) == layers
