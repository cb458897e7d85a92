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


class OnnxNetwork:
    """One network, loaded when it is first run.

    Attributes:
        content: The ONNX file.
        source: Names it in errors.
    """

    def __init__(self, content: bytes, source: str) -> None:
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
        """Scores and vectors. Shapes: -> [B, T], [B, D]."""
        scores, vectors = self._session.run([SCORES, VECTORS], dict(inputs))
        return scores.astype(np.float64), vectors
