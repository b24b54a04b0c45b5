"""llama.cpp through llama-cpp-python's low-level API: scoring and guided greedy decoding over one context.

The only importer of llama_cpp. It runs in the model's own process (``host``), because llama.cpp can end
a process with a signal and only the end of a process gives back all GPU memory.
"""

import ctypes
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp as lc
import numpy as np
from llama_cpp._ggml import libggml
from llama_cpp.llama_chat_format import Jinja2ChatFormatter
from numpy.typing import NDArray

from scanmend.errors import ModelError, ModelMissing
from scanmend.llm.inference import cpu_variants
from scanmend.llm.inference.chat_template import FALLBACK, pieces
from scanmend.llm.inference.draft import Draft
from scanmend.llm.inference.draft_length import DraftLength
from scanmend.llm.inference.weights import file_layout_is_faster
from scanmend.llm.store.gguf import read_header

BATCH = 512
"""Most tokens that are decoded in one call."""
SEQUENCES = 33
"""Sequences of the KV cache: 0 holds the context, the others one continuation each."""
_TOKEN_DATA = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""llama.cpp's ``llama_token_data``."""
ALL_LAYERS = 9999
"""Number of GPU layers that stands for all, as no model has so many."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of the model, and how it was decoded."""

    text: str
    complete: bool
    """Whether the model ended it, rather than a limit."""
    tokens: int
    """Number of tokens of the reply."""
    calls: int
    """Number of batches decoded after the prompt; plain decoding needs one per token."""


class Engine:
    """One loaded model with one context."""

    def __init__(
        self, path: Path, *, context: int = 4096, threads: int = 1, gpu_layers: int = 0, safe: bool = False
    ) -> None:
        """Load the file; ModelError when llama.cpp refuses it.

        ``gpu_layers``: how many layers go to the GPU. ``safe``: without repacked weight buffers, slower, but
        without the CPU extensions that some virtual machines advertise and then fault on; where the build has code for
        several kinds of processors, with the plainest.
        """
        lc.llama_log_set(_quiet, ctypes.c_void_p(0))
        use_cpu(safe=safe)
        lc.llama_backend_init()
        if gpu_layers and not lc.llama_supports_gpu_offload():
            raise ModelError("this build of llama.cpp cannot use a GPU; rebuild it with GPU support or set gpu: off")
        params = lc.llama_model_default_params()
        params.n_gpu_layers = gpu_layers
        system = lc.llama_print_system_info()
        repack = bool(gpu_layers) or not file_layout_is_faster(_quantization(path), system, lc.__version__)
        params.use_extra_bufts = not safe and repack
        self._model = lc.llama_model_load_from_file(os.fsencode(path), params)
        if not self._model:
            raise ModelError(f"llama.cpp cannot load {path}: {_last_error()}")
        self._vocab = lc.llama_model_get_vocab(self._model)
        self._size = int(lc.llama_vocab_n_tokens(self._vocab))
        options = lc.llama_context_default_params()
        trained = int(lc.llama_model_n_ctx_train(self._model))
        self.context = min(context, trained) if trained > 0 else context
        options.n_ctx, options.n_batch, options.n_ubatch = self.context, BATCH, BATCH
        options.n_seq_max, options.kv_unified = SEQUENCES, True
        options.n_threads = options.n_threads_batch = threads
        options.no_perf = True
        self._context = lc.llama_init_from_model(self._model, options)
        if not self._context:
            raise ModelError(f"no memory for a context of {self.context} tokens with {path.name}: {_last_error()}")
        self._memory = lc.llama_get_memory(self._context)
        self._batch = lc.llama_batch_init(BATCH, 0, 1)
        self._fed: list[int] = []  # what sequence 0 holds in the KV cache
        self._format = self._chat_formatter()
        self._draft_length = DraftLength()

    @property
    def parameters(self) -> int:
        """Number of weights of the model."""
        return int(lc.llama_model_n_params(self._model))

    def close(self) -> None:
        """Free the memory that llama.cpp holds."""
        lc.llama_batch_free(self._batch)
        lc.llama_free(self._context)
        lc.llama_model_free(self._model)

    def tokenize(self, text: str, *, special: bool = False) -> list[int]:
        """Return the tokens of the text; control tokens in it are plain characters unless ``special``."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 16
        out = (lc.llama_token * room)()
        n = lc.llama_tokenize(self._vocab, data, len(data), out, room, False, special)
        if n < 0:
            raise ModelError(f"text of {len(data)} bytes needs {-n} tokens")
        return list(out[:n])

    def score(self, context: str, continuations: Sequence[str]) -> list[float]:
        """Return the log-probability in nats of each continuation after the context, which stays cached.

        Without a context, and for a model without a token that begins a text, all first tokens are equally likely.
        """
        left = self._window(self._begin() + self.tokenize(context))
        row = self._feed(left)
        first = self._log_softmax(row) if left else np.full(self._size, -np.log(self._size), np.float32)
        tokens = [self.tokenize(c) for c in continuations]
        totals = [float(first[t[0]]) if t else 0.0 for t in tokens]
        start = 0
        while start < len(tokens):
            start = self._score_some(len(left), tokens, totals, start)
        return totals

    def _score_some(self, position: int, tokens: list[list[int]], totals: list[float], start: int) -> int:
        """Add the log-probabilities of as many continuations as fit one batch; return the index of the next one."""
        rows: list[tuple[int, int, int]] = []
        room = min(BATCH, self.context - position)
        sequence, i = 0, start
        while i < len(tokens) and sequence + 1 < SEQUENCES:
            inputs = tokens[i][:-1][:room]
            if len(rows) + len(inputs) > room:
                break
            if inputs:
                sequence += 1
                lc.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)
                for j, token in enumerate(inputs):
                    self._put(len(rows), token, position + j, sequence, logits=True)
                    rows.append((i, len(rows), tokens[i][j + 1]))
            i += 1
        if rows:
            self._decode(len(rows))
            for owner, row, follower in rows:
                totals[owner] += float(self._log_softmax(row)[follower])
            for used in range(1, sequence + 1):
                lc.llama_memory_seq_rm(self._memory, used, -1, -1)
        return max(i, start + 1)

    def complete(
        self, system: str, user: str, *, max_tokens: int, deadline: float, source: str = "", guided: bool = True
    ) -> Reply:
        """Reply greedily to the two messages until the model ends, or ``max_tokens``, or ``deadline`` (monotonic).

        ``source``: the text that the reply will mostly copy; the reply is the same without it, only slower.
        """
        prompt = self._prompt(system, user)
        if len(prompt) + max_tokens > self.context:
            raise ModelError(
                f"prompt of {len(prompt)} tokens and a reply of {max_tokens} exceed the context of {self.context}"
            )
        following = self._begin_reply(prompt)
        draft = Draft(source if guided else "", self._pieces)
        out: list[int] = []
        written = b""
        calls = 0
        while not lc.llama_vocab_is_eog(self._vocab, following):
            if len(out) >= max_tokens or time.monotonic() > deadline:
                return Reply(written.decode("utf-8", "ignore"), complete=False, tokens=len(out), calls=calls)
            out.append(following)
            written += self._piece(following)
            drafted = draft.next_tokens(written)[: max_tokens - len(out)]
            offered = drafted[: self._draft_length.length(len(drafted))]
            agreed, following = self._verify(out[-1], offered)
            calls += 1
            right = agreed if offered else int(drafted[:1] == (following,))
            self._draft_length.learn(right, min(1, len(offered or drafted[:1]) - right))
            out += offered[:agreed]
            written += b"".join(self._piece(t) for t in offered[:agreed])
        return Reply(written.decode("utf-8", "ignore"), complete=True, tokens=len(out), calls=calls)

    def choose(self, system: str, user: str, grammar: str) -> str:
        """Return the likeliest token of those with which an answer to the two messages can begin.

        ``grammar``: GBNF with a rule ``root``, by llama.cpp's own sampler: no other token can be returned. ModelError
        where the messages are too long, or it is no grammar.
        """
        prompt = self._prompt(system, user)
        if len(prompt) >= self.context:
            raise ModelError(f"prompt of {len(prompt)} tokens exceeds the context of {self.context}")
        sampler = lc.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if not sampler:
            raise ModelError(f"llama.cpp takes this for no grammar: {grammar[:200]}")
        try:
            tokens = np.zeros(self._size, _TOKEN_DATA)
            tokens["id"], tokens["logit"] = np.arange(self._size), self._logits(self._feed(prompt))
            data = tokens.ctypes.data_as(ctypes.POINTER(lc.llama_token_data))
            lc.llama_sampler_apply(sampler, ctypes.byref(lc.llama_token_data_array(data, self._size, -1, False)))
        finally:
            lc.llama_sampler_free(sampler)
        best = tokens[int(np.argmax(tokens["logit"]))]
        if not np.isfinite(best["logit"]):
            raise ModelError("the model has no token for what the grammar admits")
        return self._piece(int(best["id"])).decode("utf-8", "ignore")

    def _begin_reply(self, prompt: list[int]) -> int:
        """Decode what is new in the prompt; return the first token of the reply."""
        rows = len(prompt) - self._cached(prompt)
        started = time.perf_counter()
        following = self._argmax(self._feed(prompt))
        self._draft_length.begin()
        self._draft_length.costs.learn(rows, time.perf_counter() - started)
        return following

    def _verify(self, token: int, offered: Sequence[int]) -> tuple[int, int]:
        """Decode the token and the draft after it; return how much of the draft was right, and what follows."""
        position = len(self._fed)
        started = time.perf_counter()
        for i, t in enumerate((token, *offered)):
            self._put(i, t, position + i, 0, logits=True)
        self._decode(1 + len(offered))
        agreed, best = 0, self._argmax(0)
        self._draft_length.costs.learn(1 + len(offered), time.perf_counter() - started)
        while agreed < len(offered) and best == offered[agreed]:
            agreed += 1
            best = self._argmax(agreed)
        if agreed < len(offered):
            lc.llama_memory_seq_rm(self._memory, 0, position + 1 + agreed, -1)
        self._fed += [token, *offered[:agreed]]
        return agreed, best

    def _prompt(self, system: str, user: str) -> list[int]:
        """Return the chat template around the two messages; control tokens written in the messages stay plain text."""
        out: list[int] = []
        for i, (text, own) in enumerate(pieces(self._format, system, user)):
            out += self.tokenize(text, special=own)
            if i == 0 and self._begin() and out[:1] != self._begin():
                out = self._begin() + out
        return out

    def _chat_formatter(self) -> Callable[[list[dict[str, str]]], str]:
        template = lc.llama_model_chat_template(self._model, None)
        formatter = Jinja2ChatFormatter(
            template=template.decode() if template else FALLBACK,
            eos_token=self._special(lc.llama_vocab_eos),
            bos_token=self._special(lc.llama_vocab_bos),
        )
        return lambda messages: str(formatter(messages=messages).prompt)

    def _special(self, which: Callable[[Any], int]) -> str:
        token = which(self._vocab)
        text = lc.llama_vocab_get_text(self._vocab, token) if token >= 0 else b""
        return text.decode("utf-8", "replace") if text else ""

    def _begin(self) -> list[int]:
        return [lc.llama_vocab_bos(self._vocab)] if lc.llama_vocab_get_add_bos(self._vocab) else []

    def _window(self, tokens: list[int]) -> list[int]:
        """Drop the oldest tokens of a long context, half a window at a time, so that the cache serves many calls."""
        room = max(self.context - BATCH, self.context // 2)
        if len(tokens) <= room:
            return tokens
        step = room // 2
        return tokens[-(-(len(tokens) - room) // step) * step :]

    def _feed(self, tokens: list[int]) -> int:
        """Make sequence 0 hold exactly these tokens; return the batch row with the logits after the last."""
        same = self._cached(tokens)
        lc.llama_memory_seq_rm(self._memory, 0, same, -1)
        row = 0
        for start in range(same, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            for i, token in enumerate(part):
                self._put(i, token, start + i, 0, logits=start + i == len(tokens) - 1)
            self._fed = tokens[:start]
            self._decode(len(part))
            row = len(part) - 1
        self._fed = list(tokens)
        return row

    def _cached(self, tokens: list[int]) -> int:
        """Return how many of the tokens sequence 0 begins with; the last is never counted, as its logits are needed."""
        pairs = zip(self._fed, tokens[:-1], strict=False)
        return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(self._fed), max(0, len(tokens) - 1)))

    def _put(self, row: int, token: int, position: int, sequence: int, *, logits: bool) -> None:
        batch = self._batch
        batch.token[row], batch.pos[row], batch.logits[row] = token, position, logits
        batch.n_seq_id[row], batch.seq_id[row][0] = 1, sequence

    def _decode(self, rows: int) -> None:
        self._batch.n_tokens = rows
        code = lc.llama_decode(self._context, self._batch)
        if code != 0:
            self._fed = []
            lc.llama_memory_clear(self._memory, True)
            raise ModelError(f"llama.cpp could not decode {rows} tokens (code {code}; 1 means the context is full)")

    def _logits(self, row: int) -> NDArray[np.float32]:
        return np.ctypeslib.as_array(lc.llama_get_logits_ith(self._context, row), shape=(self._size,))

    def _argmax(self, row: int) -> int:
        return int(self._logits(row).argmax())

    def _log_softmax(self, row: int) -> NDArray[np.float32]:
        logits = self._logits(row)
        top = logits.max()
        shifted: NDArray[np.float32] = logits - (top + np.log(np.exp(logits - top).sum()))
        return shifted

    def _pieces(self, text: str) -> list[tuple[int, bytes]]:
        return [(token, self._piece(token)) for token in self.tokenize(text)]

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        n = lc.llama_token_to_piece(self._vocab, token, buffer, 256, 0, False)
        return buffer.raw[:n] if n > 0 else b""


def _quantization(path: Path) -> str:
    try:
        return read_header(path).quantization
    except ModelMissing:  # llama.cpp says what is wrong with it
        return ""


def use_cpu(*, safe: bool = False) -> str | None:
    """Choose the code for this processor where the build has several; return its kind, None where it has not."""
    return cpu_variants.load(Path(lc.__file__).parent / "lib", libggml, safe=safe)


def gpu_available() -> bool:
    """Whether this build of llama.cpp can use a GPU of this machine."""
    return bool(lc.llama_supports_gpu_offload())


_errors: list[str] = []


@lc.llama_log_callback  # type: ignore[untyped-decorator]
def _quiet(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    """Keep llama.cpp's latest errors for our own messages; nothing is printed."""
    if level == 4:  # noqa: PLR2004 -- GGML_LOG_LEVEL_ERROR
        _errors.append(text.decode("utf-8", "replace").strip())
        del _errors[:-3]


def _last_error() -> str:
    return "; ".join(_errors) or "it gives no reason"
