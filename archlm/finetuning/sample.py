"""`Sample`: what the learners of a new target see of measured networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.signals import Signals
from archlm.weights_store import Weights
from encoders import tensors, work
from encoders.features import NAMES
from encoders.graph_batch import GraphBatch
from encoders.task_descriptor import describe
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks.task import Task

SIZES = ("log_params", "log_macs", "log_sqrt_macs")
SIGNALS = ("training-free prior", "effective parameters", "MACs", "square roots of MACs")
"""What the columns of the block `size` are, for people."""
FEATURES = "features"
"""The block of features."""


@dataclass(frozen=True)
class Sample:
    """B networks.

    Attributes:
        blocks: By name [B, D] numbers of one origin: `size` (the training-free prior and sizes), `features`, `vectors`
            (of the pretrained graph network), `scores` (what the pretrained members say of the tasks they know),
            `described` (what the graph networks say of the description of the target). Where a predictor made the
            sample also `work` (see `encoders.work`) and `work as trained` (NaN where it is not known).
        graphs: The networks as arrays, for the graph network; `None` where nobody trains it.
        decorrelation: [F, F] see `encoders.decorrelation`; read by who learns, not by who answers.
    """

    blocks: Mapping[str, Floats]
    graphs: GraphBatch | None = None
    decorrelation: Floats = field(default_factory=lambda: np.eye(len(NAMES)))

    def __len__(self) -> int:
        return len(self.blocks[FEATURES])

    @property
    def features(self) -> Floats:
        """[B, F], see `encoders.features`."""
        return self.blocks[FEATURES]

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
        table, graphs = signals.features, signals.graphs
        makers: dict[str, Callable[[], Floats]] = {
            "size": lambda: _size(weights.head.prior.score(table), table),
            "features": lambda: table,
            "vectors": lambda: neural.vectors.astype(np.float64),
            "scores": lambda: np.concatenate([neural.graph, neural.text], axis=1),
            "described": lambda: weights.neural.graph.ask(graphs, table, describe(task)[None])[0],
            "work": lambda: work.compute_many(graphs),
            "work as trained": lambda: _work_as_trained(signals.given),
        }
        arrays = GraphBatch.of([tensors.to_arrays(graph) for graph in graphs]) if with_graphs else None
        return cls(LazyBlocks(makers), arrays)

    @classmethod
    def from_arrays(
        cls, features: Floats, vectors: Floats, scores: Floats, prior: Floats, described: Floats,
        graphs: GraphBatch | None = None,
    ) -> Sample:  # fmt: skip
        """From the parts. Shapes: [B, F], [B, V], [B, S], [B], [B]."""
        blocks = {
            "size": _size(prior, features), "features": features, "vectors": vectors, "scores": scores,
            "described": described[:, None],
        }  # fmt: skip
        return cls(blocks, graphs)

    @classmethod
    def made_up(cls, vectors: int, tasks: int) -> Sample:
        """A network that there is not, to try learners on: vectors of so many numbers, scores for so many tasks."""
        widths = {
            "size": len(SIGNALS), FEATURES: len(NAMES), "vectors": vectors, "scores": 2 * tasks, "described": 1,
            "work": len(work.NAMES), "work as trained": len(work.NAMES),
        }  # fmt: skip
        return cls({name: np.ones((1, width)) for name, width in widths.items()})


class LazyBlocks(Mapping[str, Floats]):
    """Blocks that are computed when they are first read: few learners read all."""

    def __init__(self, makers: Mapping[str, Callable[[], Floats]]) -> None:
        self._makers, self._made = makers, dict[str, Floats]()

    def __getitem__(self, name: str) -> Floats:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def _size(prior: Floats, features: Floats) -> Floats:
    """The block `size`. Shapes: [B], [B, F] -> [B, 4]."""
    return np.column_stack([prior, features[:, [NAMES.index(name) for name in SIZES]]])


def _work_as_trained(graphs: Sequence[ArchGraph]) -> Floats:
    """Shapes: B graphs -> [B, Q], NaN where a graph is normalised."""
    table = np.full((len(graphs), len(work.NAMES)), np.nan)
    rows = [i for i, graph in enumerate(graphs) if not graph.normalised]
    table[rows] = work.compute_many([graphs[i] for i in rows])
    return table
