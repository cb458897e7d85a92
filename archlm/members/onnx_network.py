"""`OnnxNetwork`: a neural member's network on onnxruntime, so that an answer needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from onnx_bench.errors import CheckpointError

if TYPE_CHECKING:
    import onnxruntime

SCORES, VECTORS = "quality_scores", "graph_vectors"
"""Names of the two outputs: [B, T] scores and [B, D] vectors."""
_OTHER_FILE = b"location"
"""The key under which a tensor names the file that holds its values; onnxruntime would read it."""


class OnnxNetwork:
    """One network, loaded when it is first run.

    Attributes:
        content: The ONNX file.
        source: Names it in errors.
    """

    def __init__(self, content: bytes, source: str) -> None:
        """Keep the file.

        Raises:
            CheckpointError: It names other files, which are never opened.
        """
        if _OTHER_FILE in content:
            raise CheckpointError(f"{source} keeps weights in other files; write it again with all of them inside")
        self.content, self.source = content, source

    def __getstate__(self) -> dict[str, Any]:
        """Without the session: a predictor that has answered can be sent to another process."""
        return {"content": self.content, "source": self.source}

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # batches are small: threads cost more
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(self.content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common base for its errors
            raise CheckpointError(f"{self.source} is no network that onnxruntime can run: {error}") from error

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Scores and vectors. Shapes: -> [B, T], [B, D].

        Raises:
            CheckpointError: The file is no network, or one with other inputs and outputs.
        """
        session = self._session
        try:
            scores, vectors = session.run([SCORES, VECTORS], dict(inputs))
        except Exception as error:  # as above
            raise CheckpointError(f"{self.source} is no network of archlm: {error}") from error
        return scores.astype(np.float64), vectors
