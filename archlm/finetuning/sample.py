"""`Sample`: what the learners of a new target see of measured networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.signals import Signals
from archlm.weights_store import Weights
from encoders import tensors, work
from encoders.features import NAMES
from encoders.graph_batch import GraphBatch
from encoders.task_descriptor import describe
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks.task import Task

Floats = NDArray[np.float64]

SIZES = ("log_params", "log_macs", "log_sqrt_macs")
SIGNALS = ("training-free prior", "effective parameters", "MACs", "square roots of MACs")
"""What the columns of the block `size` are, for people."""


@dataclass(frozen=True)
class Sample:
    """B networks.

    Attributes:
        blocks: By name [B, D] numbers of one origin: `size` (the training-free prior and sizes), `features`, `vectors`
            (of the pretrained graph network), `scores` (what the pretrained members say of the tasks they know),
            `described` (what the graph networks say of the description of the target). Where a predictor made the
            sample also `work` (see `encoders.work`) and `work as trained` (NaN where it is not known).
        graphs: The networks as arrays, for the graph network; `None` where nobody trains it.
    """

    blocks: Mapping[str, Floats]
    graphs: GraphBatch | None = None

    def __len__(self) -> int:
        return len(self.blocks["features"])

    @property
    def features(self) -> Floats:
        """[B, F], see `encoders.features`."""
        return self.blocks["features"]

    def take(self, rows: NDArray[Any]) -> Sample:
        """The networks at `rows` (positions or a mask)."""
        places = np.arange(len(self))[rows]
        graphs = None if self.graphs is None else self.graphs.take(places)
        return replace(self, blocks={name: block[places] for name, block in self.blocks.items()}, graphs=graphs)

    @classmethod
    def of(
        cls, weights: Weights, signals: Signals, task: Task, *, with_graphs: bool = False
    ) -> Sample:  # fmt: skip
        """From what a predictor computes for every question anyway.

        Args:
            weights: Of the predictor.
            signals: Of B networks, at least one.
            task: The target.
            with_graphs: Keep the graphs as arrays.
        """
        neural = signals.neural
        assert neural is not None, "no networks were asked about"
        described, _ = weights.neural.graph.ask(signals.graphs, signals.features, describe(task)[None])
        found = cls.from_arrays(
            signals.features, neural.vectors.astype(np.float64), np.concatenate([neural.graph, neural.text], axis=1),
            weights.head.prior.score(signals.features), described[:, 0],
            GraphBatch.of([tensors.to_arrays(graph) for graph in signals.graphs]) if with_graphs else None,
        )  # fmt: skip
        totals = {"work": work.compute_many(signals.graphs), "work as trained": _work_as_trained(signals.given)}
        return replace(found, blocks={**found.blocks, **totals})

    @classmethod
    def from_arrays(
        cls, features: Floats, vectors: Floats, scores: Floats, prior: Floats, described: Floats,
        graphs: GraphBatch | None = None,
    ) -> Sample:  # fmt: skip
        """From the parts. Shapes: [B, F], [B, V], [B, S], [B], [B]."""
        size = np.column_stack([prior, features[:, [NAMES.index(name) for name in SIZES]]])
        blocks = {
            "size": size, "features": features, "vectors": vectors, "scores": scores, "described": described[:, None],
        }  # fmt: skip
        return cls(blocks, graphs)


def _work_as_trained(graphs: Sequence[ArchGraph]) -> Floats:
    """Shapes: B graphs -> [B, Q], NaN where a graph is normalised."""
    table = np.full((len(graphs), len(work.NAMES)), np.nan)
    rows = [i for i, graph in enumerate(graphs) if not graph.normalised]
    table[rows] = work.compute_many([graphs[i] for i in rows])
    return table
