"""The neural members that ship: trained with a fifth of every space held out, and asked as they ship."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from archlm.known import embed
from archlm.members.graph_member import MOST_NODES, GraphMember
from archlm.members.neural_members import NeuralMembers
from archlm.members.onnx_network import OnnxNetwork
from archlm.members.text_member import TextMember
from archlm.predictor import SHIPPED
from archlm.weights_store import Weights
from encoders.graph_batch import GraphBatch
from encoders.graph_onnx import export_graph_model, with_weights
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe_many
from encoders.text_encoder import TextEncoder
from encoders.text_onnx import export_text_model
from encoders.text_tokenizer import ArchTokenizer
from onnx_bench.arrays import Floats
from onnx_bench.tasks import get_task
from train.fit import HeldOut
from train.heads import drawings, tasks_by_drawing, without_heads
from train.neural import (
    FURTHER,
    KNOWN,
    SEEDS,
    TEXT,
    graph_model_trained_further,
    held_out,
    rows_of,
    trained_graph_model,
    trained_text_model,
)
from train.records import Drawn, Labelled
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


def trained_members(spaces: Sequence[Labelled]) -> TrainedMembers:
    """Train what was not trained yet, on default heads; hours on two cores, less where runs are kept."""
    plain = [without_heads(space) for space in spaces]
    rows = rows_of(plain, hold_out=True)
    graph = [trained_graph_model(plain, replace(KNOWN, seed=seed), "known", rows) for seed in range(SEEDS)]
    return TrainedMembers(tuple(graph), trained_text_model(pretrained(), plain, TEXT, "known", rows))


def exported(members: TrainedMembers, tasks: Sequence[str]) -> NeuralMembers:
    """The members as they run without torch."""
    tokenizer = members.encoder.tokenizer
    assert isinstance(tokenizer, ArchTokenizer)
    return NeuralMembers(
        GraphMember(tuple(OnnxNetwork(export_graph_model(m), f"graph-{i}") for i, m in enumerate(members.graph))),
        TextMember(tokenizer, OnnxNetwork(export_text_model(members.text), "text"), members.encoder.config.max_length),
        tuple(tasks), describe_many([get_task(task) for task in tasks]),
    )  # fmt: skip


def shipping(spaces: Sequence[Labelled], keep: bool, further: bool = False) -> NeuralMembers:
    """The members that ship, or will.

    Args:
        spaces: What they are trained on.
        keep: Take those of the weights that ship, which have held out the same networks; minutes instead of hours.
        further: Start from these, instead of from nothing, when graph networks are trained further with all heads.
    """
    if keep:
        return Weights(SHIPPED).neural
    tasks = list(dict.fromkeys(task for space in spaces for task in space.targets))
    start = Weights(SHIPPED).neural if further else exported(trained_members(spaces), tasks)
    return replace(start, graph=trained_further(start.graph, spaces))


def trained_further(member: GraphMember, spaces: Sequence[Labelled]) -> GraphMember:
    """The same networks after more training; an hour on two cores, less where runs are kept."""
    networks, rows = [], rows_of(spaces, hold_out=True)
    for seed, network in enumerate(member.networks):
        model = graph_model_trained_further(network.content, spaces, replace(FURTHER, seed=seed), rows)
        networks.append(OnnxNetwork(with_weights(network.content, model), network.source))
    return GraphMember(tuple(networks))


def only(members: NeuralMembers, number: int) -> NeuralMembers:
    """With one of the graph networks alone."""
    return replace(members, graph=GraphMember((members.graph.networks[number],)))


def held_out_scores(members: NeuralMembers, spaces: Sequence[Labelled]) -> dict[str, HeldOut]:
    """What the members say of the networks that they have not seen, for the tasks of each space with their heads."""
    found = {}
    for space in spaces:
        mask, scores = held_out(space), dict[str, tuple[Floats, ...]]()
        for drawn, tasks in tasks_by_drawing(space):
            graph, text = all_scores(members, drawn.take(np.flatnonzero(mask)))
            places = [members.tasks.index(task) for task in tasks]
            scores |= zip(tasks, zip(graph[:, places].T, text[:, places].T, strict=True), strict=True)
        found[space.space] = HeldOut(mask, scores)
    return found


def embeddings(members: NeuralMembers, spaces: Sequence[Labelled]) -> dict[str, list[Floats]]:
    """Where the distinct networks of each space lie in the index, by drawing. Shapes: [G, D] each."""
    one = only(members, 0)
    return {
        s.space: [embed(drawn.features, _ask_graphs(one, drawn)[1]) for drawn in drawings(s)] for s in spaces
    }  # fmt: skip


def all_scores(members: NeuralMembers, drawn: Drawn) -> tuple[Floats, Floats]:
    """Scores of networks on all tasks, by graph networks and text encoder. Shapes: [B, T] each."""
    graph, _ = _ask_graphs(members, drawn)
    text, _ = members.text.ask_texts(drawn.texts.tolist(), members.descriptors)
    return graph, text


def _ask_graphs(members: NeuralMembers, drawn: Drawn) -> tuple[Floats, NDArray[np.float32]]:
    """Scores on all tasks and vectors of networks. Shapes: [B, T], [B, D]."""
    scores, vectors = [], []
    for some in _small(drawn.graphs):
        inputs = drawn.graphs.take(some).inputs(drawn.features[some]) | {"tasks": members.descriptors}
        found = [network.run(inputs) for network in members.graph.networks]
        scores.append(np.mean([score for score, _ in found], axis=0))
        vectors.append(found[0][1])
    return np.concatenate(scores), np.concatenate(vectors)


def _small(graphs: GraphBatch) -> Iterator[NDArray[np.int64]]:
    """Rows in parts of about `MOST_NODES`."""
    nodes = np.cumsum(np.diff(graphs.node_ends, prepend=0))
    yield from np.split(np.arange(len(graphs)), np.flatnonzero(np.diff(nodes // MOST_NODES)) + 1)
