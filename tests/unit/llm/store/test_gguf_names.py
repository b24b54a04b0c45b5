"""File names: what they tell, and which one is meant."""

import pytest

from scanmend.llm.store import gguf_names

REPO = "Qwen/Qwen2.5-3B-Instruct-GGUF"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("qwen2.5-3b-instruct-q8_0.gguf", ["q8_0"]),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", ["q4_1"]),
        ("Llama-3.1-8B-IQ4_XS.gguf", ["iq4_xs"]),
        ("m-BF16-00001-of-00002.gguf", ["bf16"]),
        ("qwen2.5-3b-instruct-fp16.gguf", ["f16"]),
        ("m-UD-Q4_K_XL.gguf", ["ud-q4_k_xl"]),
        ("m.f16.q6_k.gguf", ["f16", "q6_k"]),
        ("model.gguf", []),
    ],
)
def test_a_name_tells_its_quantization(file, expected):
    """Naming habits differ; the quantization is found in all of them, whole."""
    assert gguf_names.quantizations(file) == expected


@pytest.mark.parametrize(
    ("wanted", "other"),
    [
        ("q4_k_m", "m-q4_k_s.gguf"),
        ("q4_k", "m-q4_k_m.gguf"),
        ("q4_0", "m-q4_0_4_4.gguf"),
        ("q8_0", "m-iq8_0.gguf"),
        ("f16", "m-bf16.gguf"),
        ("int8", "m-int8_q4_0.gguf"),
        ("f16", "mmproj-m-f16.gguf"),
        ("q8_0", "m-draft-q8_0.gguf"),
        ("q8_0", "m-q8_0-00002-of-00002.gguf"),
        ("q8_0", "m-q8_0.safetensors"),
    ],
)
def test_a_quantization_that_only_looks_alike_is_not_taken(wanted, other):
    """A neighbour's name, a projector, a later shard: none is the model asked for."""
    assert gguf_names.pick([other], wanted, "a/m-GGUF") is None


@pytest.mark.parametrize(
    ("alias", "file"), [("int8", "m-Q8_0.gguf"), ("int4", "m-q4_K_M.gguf"), ("Q5_K_M", "m.q5_k_m.gguf")]
)
def test_aliases_and_case_do_not_matter(alias, file):
    """int8 and int4 stand for the quantizations that people mean by them."""
    assert gguf_names.pick(["m-q4_k_s.gguf", file, "m-q6_k.gguf"], alias, "a/m-GGUF") == file


def test_the_plain_file_of_that_repository_wins():
    """A mixture of quantizations, or a model of another name, is second choice."""
    files = ["qwen2.5-3b-instruct-f16-q8_0.gguf", "qwen2.5-3b-instruct-q8_0.gguf", "tiny-draughts-q8_0.gguf"]
    assert gguf_names.pick(files, "q8_0", REPO) == "qwen2.5-3b-instruct-q8_0.gguf"
    assert gguf_names.pick(files[:1], "q8_0", REPO) == files[0]


def test_two_models_that_fit_equally_are_a_question():
    """Guessing would load the wrong model; the names are handed back."""
    with pytest.raises(gguf_names.AmbiguousError) as e:
        gguf_names.pick(["b-1b-q8_0.gguf", "a-3b-q8_0.gguf"], "int8", "x/collection")
    assert e.value.names == ["a-3b-q8_0.gguf", "b-1b-q8_0.gguf"]


def test_a_sharded_file_is_all_its_shards():
    """The first is picked, all belong to it."""
    files = ["Q8_0/m-Q8_0-00001-of-00003.gguf", "Q8_0/m-Q8_0-00002-of-00003.gguf", "Q8_0/m-Q8_0-00003-of-00003.gguf"]
    assert gguf_names.pick(files, "q8_0", "a/m-GGUF") == files[0]
    assert gguf_names.shards(files[0]) == files
    assert gguf_names.shards("m-q8_0.gguf") == ["m-q8_0.gguf"]
