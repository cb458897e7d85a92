"""`TunedNetworks`: the pretrained graph networks, trained further on the labels. Only fitting needs torch.

All weights are trained. Low-rank updates of every linear layer (rank 8, merged afterwards) took as long and ranked a
little worse: with 100 labels on one task each of BERT and NAS-Bench-Graph and two of recurrent cells, mean tau .499
instead of .507; joined with a Gaussian process .537 instead of .547.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.sample import Sample
from archlm.members.graph_member import MOST_NODES
from archlm.members.onnx_network import OnnxNetwork
from onnx_bench.arrays import Floats

_EPOCHS = 60
_STEPS = (150, 4000)
_NETWORKS = 64
_NODES = 8000
_RATE = 1e-3


@dataclass(frozen=True)
class TunedNetworks:
    """The mean of several networks.

    Attributes:
        files: ONNX files with the inputs of `encoders.graph_onnx.INPUTS`.
        task: [K] descriptor that they were trained with.
    """

    files: tuple[bytes, ...]
    task: NDArray[np.float32]

    @classmethod
    def fit(
        cls, sample: Sample, scores: Floats, starts: Sequence[bytes], task: NDArray[np.float32], *, seed: int = 0
    ) -> TunedNetworks:
        """Train every network of `starts` further.

        Args:
            sample: N networks, with their graphs.
            scores: [N].
            starts: ONNX files of graph networks.
            task: [K] descriptor.
            seed: Of the batches.
        """
        from archlm.training.batches import BatchConfig, TrainingSpace
        from archlm.training.quality_training import QualityTrainingConfig, train_quality
        from encoders.graph_onnx import read_graph_model, with_weights

        assert sample.graphs is not None, "the sample was made without graphs"
        graphs, features = sample.graphs, sample.features
        nodes = np.diff(graphs.node_ends, prepend=0)
        space = TrainingSpace(
            "labels", lambda rows: graphs.take(rows).inputs(features[rows]), scores[:, None].astype(np.float32),
            task[None], nodes,
        )  # fmt: skip
        per_batch = min(_NETWORKS, max(int(_NODES / nodes.mean()), 2))
        steps = int(np.clip(_EPOCHS * len(scores) / per_batch, *_STEPS))
        config = QualityTrainingConfig(
            steps=steps, learning_rate=_RATE, seed=seed, batch=BatchConfig(_NETWORKS, _NODES), ranking=0.25
        )
        files = []
        for number, start in enumerate(starts):
            model = read_graph_model(start)
            with tempfile.TemporaryDirectory() as folder:
                train_quality(model, [space], replace(config, seed=seed + number), Path(folder), quiet=True)
            files.append(with_weights(start, model))
        return cls(tuple(files), task)

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        assert sample.graphs is not None, "the sample was made without graphs"
        networks = [OnnxNetwork(file, f"fine-tuned graph network {i}") for i, file in enumerate(self.files)]
        found = []
        for rows in _batches(np.diff(sample.graphs.node_ends, prepend=0)):
            inputs = sample.graphs.take(rows).inputs(sample.features[rows]) | {"tasks": self.task[None]}
            found.append(np.mean([network.run(inputs)[0][:, 0] for network in networks], axis=0))
        return np.concatenate(found) if found else np.zeros(0)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        files = {f"network{i}": np.frombuffer(file, np.uint8) for i, file in enumerate(self.files)}
        return {"task": self.task, **files}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> TunedNetworks:
        files = [arrays[f"network{i}"].tobytes() for i in range(len(arrays) - 1)]
        return cls(tuple(files), arrays["task"])


def _batches(nodes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Positions of networks that are run at once."""
    batch = np.cumsum(nodes) // MOST_NODES
    return [np.flatnonzero(batch == number) for number in np.unique(batch)]
