"""The two networks, run by OpenVINO on the processor; no other module imports it.

Lines are found in 32-bit floats, and read in the kind that ``precision`` says; OpenVINO by itself would choose others.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13

from scanmend.errors import ReaderError
from scanmend.second_reader.image import Grey, TextMap
from scanmend.second_reader.lattice import Probabilities
from scanmend.second_reader.precision import float_kind

CANVAS = (1280, 992)
"""Rows and columns of the image that lines are looked for in: an A4 or letter page upright, at about 110 DPI.

There is no other size, since each takes 165 MiB and 0.3 s of preparation; other pages are looked at in parts.
"""
LINE_HEIGHT_PX = 48
"""Height of the line images that the recognizer was trained on."""
LINE_WIDTHS_PX = (320, 2560)
"""Least and most width of a line image: narrower ones are padded, as in training, wider ones squeezed."""
WIDTH_STEP_PX = 64
"""Line images are padded to a multiple of this, so that there are few shapes to prepare for and to remember."""

MANY_COLUMNS = 4096
"""Columns of the last layer from which all threads share one line: its probabilities alone take 24 MiB then."""
LINES_AHEAD = 1
"""Lines that wait while as many are read as there are threads, so that no thread waits for the next one."""

_Tensor = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A line that a network is reading."""

    request: Any
    """OpenVINO's request, which is free again once the answer was looked at."""
    image: _Tensor
    """Kept here as long as the network looks at it."""
    width: int
    """Columns of the image before it was padded."""


class Networks:
    """Both networks with one processor; each is prepared when it is first needed."""

    def __init__(self, detection: Path, recognition: Path, threads: int) -> None:
        """``threads``: how many threads a network may use."""
        self._files = detection, recognition
        self._core = openvino.Core()
        self._settings: dict[str, Any] = {
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,  # page workers and the model want the same cores
        }
        self._detector: Any = None
        self._recognizer: list[Any] = []
        """Requests, of which as many are answered at the same time as there are threads; one where columns are many."""
        self._threads = threads
        self._columns: tuple[int, ...] = ()

    def prepare(self, columns: Sequence[int]) -> None:
        """Prepare both networks, the recognizer for these columns, so that the first page need not wait for it."""
        self._detection_request()
        self._line_requests(columns)

    def find_text(self, canvas: Grey) -> TextMap:
        """Return how likely each pixel of an image of ``CANVAS`` rows and columns belongs to text."""
        detector = self._detection_request()
        try:
            detector.infer(_normalized(canvas), share_inputs=True)
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO failed: {e}") from e
        return np.array(detector.get_output_tensor().data[0, 0])

    def forget_text(self) -> None:
        """Give back what finding lines calculated with, 116 MiB; getting it anew takes some milliseconds."""
        if self._detector is not None:
            self._detector.get_compiled_model().release_memory()

    def read_lines(self, lines: Iterable[Grey], columns: Sequence[int]) -> Iterator[tuple[Probabilities, float]]:
        """Yield the probabilities of the symbols of these columns at each step of a line, and how many steps it takes.

        Lines come in their order; what is yielded for one is valid until the next is asked for. A line has
        ``LINE_HEIGHT_PX`` rows, and is no wider than the widest of ``LINE_WIDTHS_PX``. Unless columns are many, each is
        read by one thread, several at a time: two that share a line wait for each other in each of its layers.
        """
        free = list(self._line_requests(columns))
        asked: deque[_Asked] = deque()
        try:
            for line in lines:
                if not free:
                    yield self._probabilities(asked[0])
                    free.append(asked.popleft().request)
                asked.append(self._start(free.pop(), line))
            while asked:
                yield self._probabilities(asked[0])
                asked.popleft()
        finally:
            for one in asked:
                one.request.wait()

    def _detection_request(self) -> Any:
        if self._detector is None:
            model = self._model(self._files[0])
            model.reshape([1, 3, *CANVAS])
            self._detector = self._prepared(model, streams=1, kind="f32").create_infer_request()
        return self._detector

    def _line_requests(self, columns: Sequence[int]) -> Sequence[Any]:
        if not self._recognizer or self._columns != tuple(columns):
            self._recognizer = []  # first, so that never two are in memory
            streams, ahead = (1, 0) if len(columns) >= MANY_COLUMNS else (self._threads, LINES_AHEAD)
            prepared = self._prepared(self._recognizer_for(columns), streams, float_kind())
            self._recognizer = [prepared.create_infer_request() for _ in range(streams + ahead)]
            self._columns = tuple(columns)
        return self._recognizer

    def _start(self, request: Any, line: Grey) -> _Asked:
        width = line.shape[1]
        padded = max(LINE_WIDTHS_PX[0], -(-width // WIDTH_STEP_PX) * WIDTH_STEP_PX)
        image: _Tensor = np.zeros((1, 3, LINE_HEIGHT_PX, padded), np.float32)
        image[..., :width] = _normalized(line)
        try:
            request.start_async(image, share_inputs=True)
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO failed: {e}") from e
        return _Asked(request, image, width)

    def _probabilities(self, asked: _Asked) -> tuple[Probabilities, float]:
        """Wait for the answer to a line."""
        try:
            asked.request.wait()
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO failed: {e}") from e
        steps = np.asarray(asked.request.get_output_tensor().data, np.float32)[0]
        return steps, asked.width / asked.image.shape[-1] * len(steps)

    def _model(self, file: Path) -> Any:
        try:
            return self._core.read_model(file)
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO cannot read {file}: {e}") from e

    def _prepared(self, model: Any, streams: int, kind: str) -> Any:
        """Return the model compiled for this processor and kind of floats, to be asked ``streams`` things at a time."""
        settings = {**self._settings, "NUM_STREAMS": streams, "INFERENCE_PRECISION_HINT": kind}
        try:
            return self._core.compile_model(model, "CPU", settings)
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO cannot prepare a network for this processor: {e}") from e

    def _recognizer_for(self, columns: Sequence[int]) -> Any:
        """Return the recognizer, of any width, with a last layer of these columns only."""
        model = self._model(self._files[1])
        layers = [node for node in model.get_ordered_ops() if node.get_type_name() == "MatMul"]
        if not layers:
            raise ReaderError(f"{self._files[1]} has no last layer")
        product = layers[-1]
        (taker,) = product.output(0).get_target_inputs()
        bias = taker.get_node()
        kept = list(columns)
        weights, offsets = product.input_value(1).get_node().data, bias.input_value(1).get_node().data
        product.input(1).replace_source_output(opset13.constant(weights[:, kept].copy()).output(0))
        bias.input(1).replace_source_output(opset13.constant(offsets[kept].copy()).output(0))
        model.validate_nodes_and_infer_types()
        model.reshape([1, 3, LINE_HEIGHT_PX, openvino.Dimension(*LINE_WIDTHS_PX)])
        return model


def _normalized(image: Grey) -> _Tensor:
    """Return a grey image as the networks take it: three equal channels between -1 and 1."""
    scaled = image.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
    return np.ascontiguousarray(np.broadcast_to(scaled, (1, 3, *image.shape)))
