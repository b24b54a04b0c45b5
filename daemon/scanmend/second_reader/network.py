"""The two networks, run by OpenVINO on the processor; no other module imports it.

All arithmetic is in 32-bit floats. OpenVINO would choose bf16 on processors with AMX, and there are machines that
promise AMX and do not carry it out.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino
from openvino import opset13

from scanmend.errors import ReaderError
from scanmend.second_reader.image import Grey, TextMap
from scanmend.second_reader.lattice import Probabilities

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

_Tensor = npt.NDArray[np.float32]


class Networks:
    """Both networks with one processor; each is prepared when it is first needed."""

    def __init__(self, detection: Path, recognition: Path, threads: int) -> None:
        """``threads``: how many threads a network may use."""
        self._files = detection, recognition
        self._core = openvino.Core()
        self._settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,  # page workers and the model want the same cores
        }
        self._detector: Any = None
        self._recognizer: Any = None
        self._columns: tuple[int, ...] = ()

    def find_text(self, canvas: Grey) -> TextMap:
        """Return how likely each pixel of an image of ``CANVAS`` rows and columns belongs to text."""
        if self._detector is None:
            model = self._model(self._files[0])
            model.reshape([1, 3, *CANVAS])
            self._detector = self._prepared(model)
        return np.array(self._ask(self._detector, _normalized(canvas))[0, 0])

    def read_line(self, line: Grey, columns: Sequence[int]) -> tuple[Probabilities, float]:
        """Return the probabilities of the symbols of these columns at each step, and how many steps the line takes.

        ``line``: ``LINE_HEIGHT_PX`` rows, no wider than the widest of ``LINE_WIDTHS_PX``.
        """
        if self._recognizer is None or self._columns != tuple(columns):
            self._recognizer = None  # first, so that never two are in memory
            self._recognizer = self._prepared(self._recognizer_for(columns))
            self._columns = tuple(columns)
        width = line.shape[1]
        padded = max(LINE_WIDTHS_PX[0], -(-width // WIDTH_STEP_PX) * WIDTH_STEP_PX)
        image: _Tensor = np.zeros((1, 3, LINE_HEIGHT_PX, padded), np.float32)
        image[..., :width] = _normalized(line)
        steps = self._ask(self._recognizer, image)[0]
        return steps, width / padded * len(steps)

    def _model(self, file: Path) -> Any:
        try:
            return self._core.read_model(file)
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO cannot read {file}: {e}") from e

    def _prepared(self, model: Any) -> Any:
        """Return a request of the model, compiled for this processor."""
        try:
            return self._core.compile_model(model, "CPU", self._settings).create_infer_request()
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO cannot prepare a network for this processor: {e}") from e

    def _ask(self, request: Any, image: _Tensor) -> _Tensor:
        try:
            request.infer(image, share_inputs=True)
        except RuntimeError as e:
            raise ReaderError(f"OpenVINO failed: {e}") from e
        return np.asarray(request.get_output_tensor().data, np.float32)

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
