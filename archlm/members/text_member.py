"""`TextMember`: a transformer that reads the text of an architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archlm.members.onnx_network import OnnxNetwork
from encoders import text
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph

if TYPE_CHECKING:
    from encoders.text_tokenizer import ArchTokenizer


BATCH = 32
"""Texts that are run at once, sorted by length so that little is padding."""


@dataclass(frozen=True)
class TextMember:
    """The text encoder with its head.

    Attributes:
        tokenizer: What the encoder was trained with.
        network: With the inputs `input_ids`, `attention_mask` and `tasks`.
        max_length: Longest text in tokens; of a longer one the end is not read.
    """

    tokenizer: ArchTokenizer
    network: OnnxNetwork
    max_length: int

    def ask(self, graphs: Sequence[ArchGraph], tasks: NDArray[np.float32]) -> tuple[Floats, NDArray[np.bool_]]:
        """Normal scores of quality, and which texts were longer than what is read.

        Shapes:
            graphs: B normalised graphs.
            tasks: [T, K] descriptors.
            returns: [B, T] and [B].
        """
        return self.ask_texts([text.encode(graph) for graph in graphs], tasks)

    def ask_texts(
        self, texts: Sequence[str], tasks: NDArray[np.float32]
    ) -> tuple[Floats, NDArray[np.bool_]]:  # fmt: skip
        """`ask` for graphs that are encoded already. Shapes: B texts, [T, K] -> [B, T] and [B]."""
        rows = self.tokenizer.rows(list(texts))
        lengths = np.array([len(row) for row in rows])
        order = np.argsort(lengths, kind="stable")
        scores = np.zeros((len(rows), len(tasks)))
        for start in range(0, len(rows), BATCH):
            some = order[start : start + BATCH]
            batch = self.tokenizer.pad([rows[i] for i in some], self.max_length)
            inputs: dict[str, NDArray[Any]] = {"input_ids": batch.ids, "attention_mask": batch.mask, "tasks": tasks}
            scores[some], _ = self.network.run(inputs)
        return scores, lengths > self.max_length
