"""How many layers of a model fit on the GPUs, and which numbers of layers to try in turn; pure."""

from scanmend.config.schema import ModelSpec
from scanmend.llm.store.gguf import Header

RESERVE_MIB = 900.0
"""MiB on each GPU beside weights and KV cache: CUDA context (up to 600 MiB) and buffers for a batch of 512 tokens."""
MARGIN = 1.05
"""Factor on the weights' share per layer: weights are padded, and layers are not all of one size."""
KV_BYTES = 2
"""Bytes of one element of the KV cache: f16."""

LayerCount = int | str
"""A number of layers, or ``auto`` or ``all``."""


def need_mib(header: Header, context: int, layers: int, gpus: int = 1) -> float:
    """Return the MiB of GPU memory that this many layers need; the output layer counts as one, as in llama.cpp."""
    if layers <= 0:
        return 0.0
    return RESERVE_MIB * gpus + layers * _layer_mib(header, context)


def fit(header: Header, context: int, free_mib: float, gpus: int = 1) -> int:
    """Return how many layers have room in ``free_mib`` on all GPUs together, 0 to ``header.layers + 1``."""
    room = free_mib - RESERVE_MIB * gpus
    return max(0, min(header.layers + 1, int(room / _layer_mib(header, context))))


def layer_counts_to_try(
    spec: ModelSpec, layers: int, fitting: int | None = None, known: int | None = None
) -> list[LayerCount]:
    """Return numbers of GPU layers to try in turn: what was asked for, a half, a quarter, and none where allowed.

    ``layers``: how many the model has, without the output layer. ``fitting``: how many have room, None where that
    cannot be told. ``known``: how many worked when this was tried before.
    """
    if spec.gpu == "off" or spec.gpu_layers == 0:
        return [0]
    required = spec.gpu == "required"
    first: LayerCount = spec.gpu_layers
    if spec.gpu_layers == "auto" and fitting is not None:
        first = max(fitting, 1) if required else fitting
    elif required and spec.gpu_layers != "auto":
        return [first]
    if known is not None:
        first = min(known, first) if isinstance(first, int) else known
    count = first if isinstance(first, int) else layers + 1
    least = 1 if required else 0
    return [first, *sorted({n for n in (count // 2, count // 4, least) if least <= n < count}, reverse=True)]


def layers_wanted(spec: ModelSpec, header: Header, total_mib: float, gpus: int = 1) -> int:
    """Return how many layers the model would have if it were alone on the GPUs.

    0 where it is to have none, or where the number that it is to have could never fit.
    """
    if spec.gpu == "off":
        return 0
    most = fit(header, spec.context, total_mib, gpus)
    if spec.gpu_layers == "auto":
        return most
    asked = header.layers + 1 if spec.gpu_layers == "all" else min(int(spec.gpu_layers), header.layers + 1)
    return asked if asked <= most else 0


def _layer_mib(header: Header, context: int) -> float:
    """MiB of one layer: its share of the weights, and its KV cache for the whole context."""
    weights = header.size / (header.layers + 1) * MARGIN
    tokens = min(context, header.context_length) if header.context_length else context
    cache = 2 * tokens * header.kv_heads * header.head_size * KV_BYTES
    return (weights + cache) / 2**20
