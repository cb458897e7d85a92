"""Runs that train neural members, kept under `runs/`: none is done twice, and one that was interrupted goes on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from archlm.members.value_scale import ValueScale
from archlm.training.batches import BatchConfig, TrainingSpace
from archlm.training.quality_training import QualityTrainingConfig, train_quality
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.graph_onnx import read_graph_model
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe_many
from encoders.text_encoder import TextEncoder
from onnx_bench.tasks import get_task
from train.common import group_folds
from train.encoded import ROOT
from train.heads import drawings, joined
from train.records import Labelled

Mask = NDArray[np.bool_]

RUNS = ROOT / "runs" / "neural"
SEEDS = 2
"""Graph networks that are averaged in what ships."""
TEST_FOLDS = 5
"""A fifth of the groups of every space is held out of the neural members: it calibrates and judges them."""
HELD_OUT_FAMILIES = ("crossvit", "densenet", "mambaout", "mvitv2", "nasnet", "nest", "selecsls", "visformer",
                     "vision_transformer", "shufflenetv2", "squeezenet")  # fmt: skip
"""Of real networks, instead: nine of 43 families, drawn once and fixed by name, so that families that come later leave
them as they are; the last two were drawn from the six that came with `train.zoos`."""

KNOWN = QualityTrainingConfig(batch=BatchConfig(networks=128, cost=16_000))
"""For networks like the known ones."""
FURTHER = QualityTrainingConfig(14_000, ranking=0.0, learning_rate=1e-3, batch=BatchConfig(networks=64, cost=6000))
"""For networks that were trained as `KNOWN` on default heads, and are to learn of all heads."""
TRANSFER = QualityTrainingConfig(steps=1500, ranking=1.0)
"""For a space that is not seen in training: it learns to rank within spaces alone, and briefly."""
UNSEEN_TASK = replace(TRANSFER, steps=1000, ranking=0.25)
"""For a task that is not seen, on spaces that are: values are regressed too."""
UNSEEN_FAMILY = replace(KNOWN, steps=4000)
"""For families of real networks that are not seen."""
TEXT = QualityTrainingConfig(steps=5000, learning_rate=5e-4, batch=BatchConfig(networks=96, cost=80_000))
"""For the text encoder, which comes pretrained."""


def held_out(space: Labelled) -> Mask:
    """Mask of the distinct networks that no neural member sees. Shapes: [G]."""
    groups = space.groups[space.known.rows]
    if space.space == "timm":
        return np.isin(groups, HELD_OUT_FAMILIES)
    return next(group_folds(groups, TEST_FOLDS, seed=0))


def rows_of(spaces: Sequence[Labelled], hold_out: bool) -> dict[str, Mask]:
    """Masks of the distinct networks to train on: all, or those that are not held out."""
    return {s.space: ~held_out(s) if hold_out else np.ones(len(s.known.rows), bool) for s in spaces}


def task_scales(spaces: Sequence[Labelled], rows: Mapping[str, Mask]) -> dict[str, ValueScale]:
    """For each task the scale of the values of the chosen networks of all spaces; spaces are pooled."""
    values: dict[str, list[NDArray[np.float64]]] = {}
    for space in spaces:
        for task, found in space.known.targets.items():
            known = found[rows[space.space]]
            values.setdefault(task, []).append(known[np.isfinite(known)])
    return {task: ValueScale.fit(np.concatenate(parts)) for task, parts in values.items() if len(np.concatenate(parts))}


def _targets(
    space: Labelled, chosen: NDArray[np.int64], scales: Mapping[str, ValueScale]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Normal scores [B, T] and descriptors [T, K] of the tasks that have a scale."""
    tasks = [task for task in space.known.targets if task in scales]
    scores = [scales[task].to_score(space.known.targets[task][chosen]) for task in tasks]
    return np.stack(scores, axis=1).astype(np.float32), describe_many([get_task(task) for task in tasks])


def graph_space(space: Labelled, rows: Mask, scales: Mapping[str, ValueScale]) -> TrainingSpace:
    """The chosen distinct networks of a space as the graph network reads them.

    Half of the networks of a batch have the default head, the others any head of the space: what a network is good for
    is asked of it whatever its head. Which have which follows from the batch alone.
    """
    chosen, heads = np.flatnonzero(rows), drawings(space)
    graphs, features = joined(heads, chosen)

    def inputs(picked: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        if len(heads) > 1:
            rng = np.random.default_rng(picked)
            other = rng.integers(1, len(heads), len(picked)) * (rng.random(len(picked)) < 0.5)
            picked = picked + other * len(chosen)
        return graphs.take(picked).inputs(features[picked])

    targets, tasks = _targets(space, chosen, scales)
    nodes = np.diff(graphs.node_ends, prepend=0).reshape(len(heads), -1).max(axis=0)
    return TrainingSpace(space.space, inputs, targets, tasks, nodes)


def text_space(space: Labelled, rows: Mask, scales: Mapping[str, ValueScale], encoder: TextEncoder) -> TrainingSpace:
    """The same as a text encoder reads them; a batch is limited by its characters."""
    chosen = np.flatnonzero(rows)
    texts = space.known.texts[chosen]
    reader = encoder.reader(texts.tolist())

    def inputs(picked: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        batch = reader(picked)
        return {"input_ids": batch.ids, "attention_mask": batch.mask}

    targets, tasks = _targets(space, chosen, scales)
    return TrainingSpace(space.space, inputs, targets, tasks, np.array([len(text) for text in texts]))


@dataclass(frozen=True)
class Run:
    """One training: which member, how, and on what.

    Attributes:
        member: `graph` or `text`.
        data: Names what the spaces are, so that runs on other networks are told apart.
        training: How.
    """

    member: str
    data: str
    training: QualityTrainingConfig

    def folder(self, spaces: Sequence[TrainingSpace]) -> Path:
        """Where the run keeps its checkpoints and its result."""
        about = [asdict(self), asdict(GraphNetworkConfig()), [(s.name, len(s.targets)) for s in spaces]]
        key = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:12]
        return RUNS / f"{self.member}-{self.data}-{self.training.seed}-{key}"

    def train(self, model: QualityModel, spaces: Sequence[TrainingSpace]) -> QualityModel:
        """`model` trained, or with the weights of this run where it has ended."""
        folder = self.folder(spaces)
        file = folder / "model.safetensors"
        if not file.is_file():
            train_quality(model, spaces, self.training, folder)
            draft = file.with_suffix(".part")
            save_file(model.state_dict(), draft)
            draft.rename(file)
        model.load_state_dict(load_file(file))
        return model.eval()


def new_graph_model(spaces: Sequence[TrainingSpace], seed: int) -> QualityModel:
    """A graph network with fresh weights that knows the scales of its inputs."""
    torch.manual_seed(seed)
    encoder = GraphNetwork(GraphNetworkConfig())
    samples = [space.inputs(np.arange(min(len(space.targets), _STANDARD_ROWS))) for space in spaces]
    encoder.standardise(
        torch.from_numpy(np.concatenate([s["x_num"] for s in samples])),
        torch.from_numpy(np.concatenate([s["features"] for s in samples])),
    )
    return QualityModel(encoder, encoder.config.embedding)


_STANDARD_ROWS = 250
"""Networks of each space that means and deviations are taken from; spaces count the same."""


def trained_graph_model(
    spaces: Sequence[Labelled], training: QualityTrainingConfig, data: str, rows: Mapping[str, Mask]
) -> QualityModel:
    """A graph network trained on the chosen distinct networks of `spaces`."""
    scales = task_scales(spaces, rows)
    parts = [graph_space(s, rows[s.space], scales) for s in spaces]
    return Run("graph", data, training).train(new_graph_model(parts, training.seed), parts)


def graph_model_trained_further(
    start: bytes, spaces: Sequence[Labelled], training: QualityTrainingConfig, rows: Mapping[str, Mask]
) -> QualityModel:  # fmt: skip
    """The graph network of an ONNX file, trained further on the chosen distinct networks of `spaces`."""
    scales = task_scales(spaces, rows)
    parts = [graph_space(s, rows[s.space], scales) for s in spaces]
    before = hashlib.sha256(start).hexdigest()[:8]
    return Run("graph", f"further-{before}", training).train(read_graph_model(start), parts)


def trained_text_model(
    encoder: TextEncoder, spaces: Sequence[Labelled], training: QualityTrainingConfig, data: str,
    rows: Mapping[str, Mask],
) -> QualityModel:  # fmt: skip
    """A pretrained text encoder, trained on the chosen distinct networks of `spaces`."""
    scales = task_scales(spaces, rows)
    torch.manual_seed(training.seed)
    parts = [text_space(s, rows[s.space], scales, encoder) for s in spaces]
    return Run("text", data, training).train(QualityModel(encoder, encoder.width), parts)
