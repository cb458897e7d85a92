"""The graph member answers in batches what it answers one at a time, with the mean of its networks."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray

from archlm.members import graph_member
from archlm.members.graph_member import GraphMember
from archlm.members.onnx_network import OnnxNetwork
from archlm.training.batches import as_tensors
from encoders import features
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.graph_onnx import export_graph_model
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe_many
from encoders.tensors import to_arrays
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.errors import CheckpointError
from onnx_bench.graph import ArchGraph
from onnx_bench.tasks import get_task

CONFIG = GraphNetworkConfig(width=8, layers=1, embedding=8)
TASKS = describe_many([get_task(name) for name in ("cifar10", "glue/cola", "transnas/jigsaw")])


@pytest.fixture(scope="module")
def model() -> QualityModel:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = QualityModel(GraphNetwork(CONFIG), CONFIG.embedding)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(2.0)  # weights as large as trained ones, so that a mix-up of networks shows
    return found.eval()


@pytest.fixture(scope="module")
def network(model: QualityModel) -> OnnxNetwork:
    return OnnxNetwork(export_graph_model(model), "graph.onnx")


@pytest.fixture(scope="module")
def graphs() -> list[ArchGraph]:
    """Networks of 20 to 90 nodes."""
    cell, deep = spaces.get("nasbench201", stem_channels=8, cells_per_stage=1, stages=2), spaces.get("transnas_macro")
    rng = random.Random(0)
    return [space.build(space.sample(rng)).normalise() for space in (cell, deep, cell, cell, deep, cell, cell)]


@pytest.fixture(scope="module")
def table(graphs: list[ArchGraph]) -> Floats:
    return features.compute_many(graphs)


class Recorder(OnnxNetwork):
    """Says for every network its number of nodes and counts what it is given."""

    def __init__(self, times: float = 1.0) -> None:
        super().__init__(b"", "recorder")
        self.times = times
        self.batches: list[list[int]] = []

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> tuple[Floats, NDArray[np.float32]]:
        nodes = np.bincount(inputs["graph"])
        assert len(nodes) == len(inputs["features"])
        self.batches.append(nodes.tolist())
        scores = np.tile(self.times * nodes[:, None], (1, len(inputs["tasks"])))
        return scores, inputs["features"] * np.float32(self.times)


@pytest.mark.parametrize("most", [1, 100, 150, 8000])
def test_in_batches_as_one_at_a_time(
    network: OnnxNetwork, graphs: list[ArchGraph], table: Floats, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    member = GraphMember((network,))
    alone = [member.ask([graph], table[[i]], TASKS) for i, graph in enumerate(graphs)]
    monkeypatch.setattr(graph_member, "MOST_NODES", most)
    scores, vectors = member.ask(graphs, table, TASKS)
    assert scores.shape == (len(graphs), len(TASKS)) and vectors.shape == (len(graphs), CONFIG.embedding)
    np.testing.assert_allclose(scores, np.concatenate([score for score, _ in alone]), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(vectors, np.concatenate([vector for _, vector in alone]), rtol=1e-4, atol=1e-5)
    assert np.diff(np.sort(scores[:, 0])).min() > 1e-4, "networks that score alike could be mixed up unseen"


def test_the_same_as_torch(model: QualityModel, network: OnnxNetwork, graphs: list[ArchGraph], table: Floats) -> None:
    inputs = GraphBatch.of([to_arrays(graph) for graph in graphs]).inputs(table)
    with torch.no_grad():
        expected = model(torch.from_numpy(TASKS), **as_tensors(inputs))
    for one, other in zip(GraphMember((network,)).ask(graphs, table, TASKS), expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("most", [1, 60, 150, 8000])
def test_batches_are_as_full_as_they_may(
    graphs: list[ArchGraph], table: Floats, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(graph_member, "MOST_NODES", most)
    recorder = Recorder()
    scores, vectors = GraphMember((recorder,)).ask(graphs, table, TASKS)
    np.testing.assert_array_equal(vectors, table.astype(np.float32), "features follow their networks")
    sizes = [len(to_arrays(graph).x_op) for graph in graphs]
    assert [size for batch in recorder.batches for size in batch] == sizes == scores[:, 0].tolist()
    for batch, following in zip(recorder.batches, [*recorder.batches[1:], [most]], strict=True):
        assert len(batch) == 1 or sum(batch) <= most
        assert sum(batch) + following[0] > most, "the next one would have fitted in"


def test_scores_are_the_mean_and_vectors_those_of_the_first(graphs: list[ArchGraph], table: Floats) -> None:
    first, second = Recorder(1.0), Recorder(4.0)
    scores, vectors = GraphMember((first, second)).ask(graphs, table, TASKS)
    sizes = np.array(first.batches[0])
    assert scores == pytest.approx(np.tile(2.5 * sizes[:, None], (1, len(TASKS))))
    np.testing.assert_allclose(vectors, table.astype(np.float32))


def test_a_broken_file_is_reported_when_it_is_run(graphs: list[ArchGraph], table: Floats) -> None:
    member = GraphMember((OnnxNetwork(b"no network", "weights/graph-0.onnx"),))
    with pytest.raises(CheckpointError, match=r"weights/graph-0\.onnx is no network that onnxruntime can run"):
        member.ask(graphs[:1], table[:1], TASKS)


def test_another_network_is_reported(graphs: list[ArchGraph], table: Floats) -> None:
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    other = onnx.helper.make_model(onnx.helper.make_graph([], "other", [value], [value]), ir_version=9)
    member = GraphMember((OnnxNetwork(other.SerializeToString(), "weights/graph-0.onnx"),))
    with pytest.raises(CheckpointError, match=r"weights/graph-0\.onnx is no network of archlm"):
        member.ask(graphs[:1], table[:1], TASKS)


def test_values_in_another_file_are_not_read(network: OnnxNetwork) -> None:
    model = onnx.load_from_string(network.content)
    tensor = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="values")
    with pytest.raises(CheckpointError, match="hostile keeps weights in other files"):
        OnnxNetwork(model.SerializeToString(), "hostile")
