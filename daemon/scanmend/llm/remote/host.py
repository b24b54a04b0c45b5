"""The process of a model on a server: corrects page after page, and asks the server where a local model is asked.

Run as ``python -m scanmend.llm.remote.host SOCKET LIFELINE``, by ``process.child``. Proposers, judge and word lists are
loaded here, as in the process of a local model, so that nothing heavy, and no reply of a server, is in the daemon.
"""

import os
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from scanmend.correct.confusions import Confusions
from scanmend.correct.corrector import Corrector
from scanmend.correct.lexicon.wordlists import lexicon
from scanmend.correct.settings import CorrectionSettings
from scanmend.document import CorrectedPage, Page, without_glyphs
from scanmend.errors import EndpointFailed, ModelError
from scanmend.llm.remote import wire
from scanmend.llm.remote.client import Client
from scanmend.llm.remote.endpoint import read_key
from scanmend.llm.remote.model import RemoteModel
from scanmend.llm.remote.probe import Abilities, probe
from scanmend.process.child import Message, Progress, serve

UNLOAD_S = 5.0
"""Seconds that a server may take to give back a model's memory."""

_page = TypeAdapter(Page)
_task = TypeAdapter(CorrectionSettings)
_corrected = TypeAdapter(CorrectedPage)


class RemoteHost:
    """Answers requests: ``connect`` first, then ``correct``, and ``unload`` last."""

    def __init__(self) -> None:
        self._client: Client | None = None
        self._abilities = Abilities(scores=False)
        self._model, self._context = "", 0
        self._corrector = cache(self._make_corrector)

    def handle(self, request: Message, progress: Progress) -> Message:
        """Answer one request; a ModelError is sent as ``error``, with ``failed`` where the server is to blame."""
        does = {"connect": self._connect, "unload": self._unload}
        try:
            return does[request["do"]](request) if request["do"] in does else self._correct(request, progress)
        except EndpointFailed as e:
            return {"error": str(e), "failed": True, "rest_s": e.rest_s}
        except ModelError as e:
            return {"error": str(e)}

    def close(self) -> None:
        """Close the connections to the server; the end of the process does as much."""
        if self._client is not None:
            self._client.close()

    def _connect(self, request: Message) -> Message:
        started = time.monotonic()
        key = read_key(_path(request["api_key_file"]))
        self._client = Client(
            request["endpoint"], key, ca_file=_path(request["ca_file"]), connections=int(request["connections"])
        )
        self._model, self._context = str(request["model"]), int(request["context"])
        self._abilities = probe(self._client, self._model)
        return {
            "scores": self._abilities.scores,
            "can": self._abilities.sentence,
            "seconds": round(time.monotonic() - started, 3),
        }

    def _correct(self, request: Message, progress: Progress) -> Message:
        page = _page.validate_python(request["page"])
        task = strategy_for(_task.validate_python(request["task"]), self._abilities)
        corrector = self._corrector(task.languages, float(request["call_limit_s"]))
        return {"result": _corrected.dump_python(without_glyphs(corrector.correct(page, task, progress)), mode="json")}

    def _unload(self, request: Message) -> Message:
        self._connected().ask(wire.unload(request["kind"], self._model), lambda answer: answer, UNLOAD_S)
        return {}

    def _make_corrector(self, languages: tuple[str, ...], call_limit_s: float) -> Corrector:
        model = RemoteModel(
            self._connected(),
            self._model,
            context=self._context,
            can_score=self._abilities.scores,
            call_limit_s=call_limit_s,
        )
        return Corrector(model, lexicon(languages), Confusions.load())

    def _connected(self) -> Client:
        if self._client is None:
            raise ModelError("asked before a server was connected to")
        return self._client


def strategy_for(task: CorrectionSettings, abilities: Abilities) -> CorrectionSettings:
    """Return the task with a strategy that this server can be asked for; EndpointFailed where it cannot rescore.

    ``auto`` and ``both`` are both where the server gives log-probabilities, and rewriting where it gives none.
    """
    if task.strategy == "rescore" and not abilities.scores:
        raise EndpointFailed(f"strategy: rescore cannot be had, set auto or rewrite: {abilities.why_not}")
    if task.strategy in ("auto", "both"):
        return replace(task, strategy="both" if abilities.scores else "rewrite")
    return task


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(os.fsdecode(bytes.fromhex(name)))


if __name__ == "__main__":
    serve(RemoteHost().handle)
