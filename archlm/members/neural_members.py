"""`NeuralMembers`: the graph networks and the text encoder, asked about all tasks at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from archlm.members.graph_member import GraphMember
from archlm.members.text_member import TextMember
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph


@dataclass(frozen=True)
class NeuralScores:
    """What the neural members say of B networks. Each is asked when it is first needed: some answers do without.

    Attributes:
        ask: Asks the graph network: [B, T] scores, and vectors [B, D].
        read: Asks the text encoder: [B, T] scores, and [B] whether it saw the beginning of a text alone.
    """

    ask: Callable[[], tuple[Floats, NDArray[np.float32]]]
    read: Callable[[], tuple[Floats, NDArray[np.bool_]]]

    @cached_property
    def _asked(self) -> tuple[Floats, NDArray[np.float32]]:
        return self.ask()

    @property
    def graph(self) -> Floats:
        """Normal scores of quality by the graph network. Shapes: [B, T]."""
        return self._asked[0]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Of the graph network, for the index of known architectures. Shapes: [B, D]."""
        return self._asked[1]

    @cached_property
    def _read(self) -> tuple[Floats, NDArray[np.bool_]]:
        return self.read()

    @property
    def text(self) -> Floats:
        """Normal scores of quality by the text encoder. Shapes: [B, T]."""
        return self._read[0]

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """Whether the text encoder saw the beginning of the text alone. Shapes: [B]."""
        return self._read[1]


@dataclass(frozen=True)
class NeuralMembers:
    """Both members and the tasks that they were trained on.

    Attributes:
        graph: Reads the graph.
        text: Reads the text.
        tasks: [T] names.
        descriptors: [T, K], see `encoders.task_descriptor`.
    """

    graph: GraphMember
    text: TextMember
    tasks: tuple[str, ...]
    descriptors: NDArray[np.float32]

    def ask(self, graphs: Sequence[ArchGraph], features: Floats) -> NeuralScores:
        """Scores on all tasks, and vectors. Shapes: B normalised graphs, features [B, F]."""
        return NeuralScores(
            lambda: self.graph.ask(graphs, features, self.descriptors), lambda: self.text.ask(graphs, self.descriptors)
        )
