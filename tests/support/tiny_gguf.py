"""Builds GGUF files of a few hundred bytes by hand."""

import struct
from collections.abc import Mapping

U8, U32, I32, F32, BOOL, STRING, ARRAY, U64 = 0, 4, 5, 6, 7, 8, 9, 10
Q8_0, Q4_K_M = 7, 15
PACKED = {U8: "<B", U32: "<I", I32: "<i", F32: "<f", BOOL: "<?", U64: "<Q"}
LLAMA: dict[str, tuple[int, object]] = {
    "general.architecture": (STRING, "llama"),
    "general.file_type": (U32, Q8_0),
    "llama.block_count": (U32, 2),
    "llama.context_length": (U32, 256),
    "llama.embedding_length": (U32, 32),
    "llama.attention.head_count": (U32, 4),
    "llama.attention.head_count_kv": (U32, 2),
    "tokenizer.ggml.tokens": (ARRAY, (STRING, ["<s>", "a", "ä"])),
    "tokenizer.ggml.scores": (ARRAY, (F32, [0.0, -1.0, -2.0])),
    "tokenizer.chat_template": (STRING, "{{ messages }}"),
}
TENSORS = (("token_embd.weight", (32, 3), 0), ("output.weight", (32, 4), 8))
"""Name, shape and ggml type (0 is F32, 8 is Q8_0); 224 elements, 520 bytes with padding."""


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def value(kind: int, content: object) -> bytes:
    if kind == STRING:
        return text(content)
    if kind == ARRAY:
        inner, items = content
        return struct.pack("<IQ", inner, len(items)) + b"".join(value(inner, item) for item in items)
    return struct.pack(PACKED[kind], content)


def tiny_gguf(
    changes: Mapping[str, tuple[int, object] | None] | None = None,
    tensors: tuple[tuple[str, tuple[int, ...], int], ...] = TENSORS,
    *,
    keys: Mapping[str, tuple[int, object]] = LLAMA,
    filler: bytes = b"\0",
    pad: int = 0,
) -> bytes:
    """Whole GGUF file; ``changes`` to its keys (None drops one), data of ``filler`` and ``pad`` more bytes of it."""
    kept = {k: v for k, v in {**keys, **(changes or {})}.items() if v is not None}
    out = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(kept))
    out += b"".join(text(key) + struct.pack("<I", kind) + value(kind, content) for key, (kind, content) in kept.items())
    offset = 0
    for name, shape, kind in tensors:
        elements = 1
        for n in shape:
            elements *= n
        out += text(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *shape)
        out += struct.pack("<IQ", kind, offset)
        offset += -(-(elements * 4 if kind == 0 else elements // 32 * 34) // 32) * 32
    out += b"\0" * (-len(out) % 32)
    return out + (filler * (offset + pad))[: offset + pad]
