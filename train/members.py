"""The neural members that ship: trained with a fifth of every space held out, asked about it, and written as ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archlm.members.graph_member import GraphMember
from archlm.members.neural_members import NeuralMembers
from archlm.members.onnx_network import OnnxNetwork
from archlm.members.text_member import TextMember
from archlm.members.value_scale import ValueScale
from archlm.training.batches import TrainingSpace
from archlm.training.quality_training import ask
from encoders.graph_onnx import export_graph_model
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe_many
from encoders.text_encoder import TextEncoder
from encoders.text_onnx import export_text_model
from encoders.text_tokenizer import ArchTokenizer
from onnx_bench.arrays import Floats
from onnx_bench.tasks import get_task
from train.fit import HeldOut
from train.neural import (
    KNOWN,
    SEEDS,
    TEXT,
    graph_space,
    held_out,
    rows_of,
    task_scales,
    text_space,
    trained_graph_model,
    trained_text_model,
)
from train.records import Labelled
from train.text_vectors import pretrained


@dataclass(frozen=True)
class TrainedMembers:
    """The graph networks and the text encoder, as torch modules."""

    graph: tuple[QualityModel, ...]
    text: QualityModel

    @property
    def encoder(self) -> TextEncoder:
        """Of the text member."""
        assert isinstance(self.text.encoder, TextEncoder)
        return self.text.encoder

    def only(self, number: int) -> TrainedMembers:
        """With one of the graph networks alone."""
        return replace(self, graph=(self.graph[number],))


def trained_members(spaces: Sequence[Labelled]) -> TrainedMembers:
    """Train what was not trained yet; hours on two cores, less where runs are kept."""
    rows = rows_of(spaces, hold_out=True)
    graph = [trained_graph_model(spaces, replace(KNOWN, seed=seed), "known", rows) for seed in range(SEEDS)]
    return TrainedMembers(tuple(graph), trained_text_model(pretrained(), spaces, TEXT, "known", rows))


def held_out_scores(members: TrainedMembers, spaces: Sequence[Labelled]) -> dict[str, HeldOut]:
    """What the members say of the networks that they have not seen, for the tasks of each space."""
    found = {}
    for space in spaces:
        mask = held_out(space)
        graphs = [ask(model, graph_space(space, mask, _scales(space)))[0] for model in members.graph]
        text, _ = ask(members.text, _text_space(members, space, mask))
        columns = zip(np.mean(graphs, axis=0).T, text.T, strict=True)
        found[space.space] = HeldOut(mask, dict(zip(_scales(space), columns, strict=True)))
    return found


def vectors(members: TrainedMembers, spaces: Sequence[Labelled]) -> dict[str, NDArray[np.float32]]:
    """Vectors of the first graph network for the distinct networks of each space. Shapes: [G, D] each."""
    everything = rows_of(spaces, hold_out=False)
    return {s.space: ask(members.graph[0], graph_space(s, everything[s.space], _scales(s)))[1] for s in spaces}


def all_scores(
    members: TrainedMembers, space: Labelled, rows: NDArray[np.bool_], tasks: Sequence[str]
) -> tuple[Floats, Floats]:
    """Scores of the chosen distinct networks on any tasks, by graph networks and text encoder. Shapes: [B, T] each."""
    described = describe_many([get_task(task) for task in tasks])
    graphs = [ask(m, graph_space(space, rows, _scales(space)), tasks=described)[0] for m in members.graph]
    return np.mean(graphs, axis=0), ask(members.text, _text_space(members, space, rows), tasks=described)[0]


def exported(members: TrainedMembers, tasks: Sequence[str]) -> NeuralMembers:
    """The members as they run without torch."""
    tokenizer = members.encoder.tokenizer
    assert isinstance(tokenizer, ArchTokenizer)
    return NeuralMembers(
        GraphMember(tuple(OnnxNetwork(export_graph_model(m), f"graph-{i}") for i, m in enumerate(members.graph))),
        TextMember(tokenizer, OnnxNetwork(export_text_model(members.text), "text"), members.encoder.config.max_length),
        tuple(tasks), describe_many([get_task(task) for task in tasks]),
    )  # fmt: skip


def _scales(space: Labelled) -> dict[str, ValueScale]:
    """Scales of the tasks of one space: they name the tasks; the targets made with them are not used."""
    return task_scales([space], rows_of([space], hold_out=False))


def _text_space(members: TrainedMembers, space: Labelled, rows: NDArray[np.bool_]) -> TrainingSpace:
    return text_space(space, rows, _scales(space), members.encoder)
