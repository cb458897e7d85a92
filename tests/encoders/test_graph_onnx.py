"""The exported graph network gives in onnxruntime what it gives in torch, for any number of graphs and tasks."""

from __future__ import annotations

import random

import numpy as np
import onnxruntime
import pytest
import torch

from encoders.features import NAMES
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.graph_onnx import INPUTS, OUTPUTS, export_graph_model, read_graph_model, with_weights
from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from encoders.tensors import FEATURES, GraphArrays, to_arrays
from onnx_bench import spaces
from onnx_bench.errors import CheckpointError

CONFIG = GraphNetworkConfig(width=16, layers=2, embedding=8)
LONE = GraphArrays(
    np.array([3]), np.ones((1, len(FEATURES)), np.float32), np.zeros((2, 0), np.int64), np.zeros(0, np.int64)
)
"""A graph without edges."""


@pytest.fixture(scope="module")
def model() -> QualityModel:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = QualityModel(GraphNetwork(CONFIG), CONFIG.embedding)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.01)  # equal tensors would be stored once
            parameter.mul_(2.0)  # weights as large as trained ones, so that a wrong operator shows
    return found.eval()


@pytest.fixture(scope="module")
def content(model: QualityModel) -> bytes:
    return export_graph_model(model)


@pytest.fixture(scope="module")
def session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def graphs() -> list[GraphArrays]:
    space, rng = spaces.get("nasbench201", stem_channels=8, cells_per_stage=1, stages=2), random.Random(0)
    return [to_arrays(space.build(space.sample(rng))) for _ in range(6)]


def assert_same(
    model: QualityModel, session: onnxruntime.InferenceSession, graphs: list[GraphArrays], tasks: int
) -> None:
    rng = np.random.default_rng(len(graphs) + tasks)
    inputs = GraphBatch.of(graphs).inputs(rng.normal(size=(len(graphs), len(NAMES))))
    described = rng.normal(size=(tasks, SIZE)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(described), **{n: torch.from_numpy(v) for n, v in inputs.items()})
    found = session.run(list(OUTPUTS), inputs | {"tasks": described})
    assert found[0].shape == (len(graphs), tasks) and found[1].shape == (len(graphs), CONFIG.embedding)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), rtol=1e-4, atol=1e-5)


def test_names_and_free_axes(session: onnxruntime.InferenceSession) -> None:
    assert {i.name for i in session.get_inputs()} == set(INPUTS)
    assert [o.name for o in session.get_outputs()] == list(OUTPUTS)
    assert all(isinstance(i.shape[0], str) for i in [*session.get_inputs(), *session.get_outputs()])


@pytest.mark.parametrize(("count", "tasks"), [(1, 1), (1, 4), (2, 1), (3, 2), (6, 5)])
def test_the_same_as_torch(
    model: QualityModel, session: onnxruntime.InferenceSession, graphs: list[GraphArrays], count: int, tasks: int
) -> None:
    assert_same(model, session, graphs[:count], tasks)


def test_graphs_without_edges(
    model: QualityModel, session: onnxruntime.InferenceSession, graphs: list[GraphArrays]
) -> None:
    assert_same(model, session, [graphs[0], LONE, graphs[1]], 2)
    assert_same(model, session, [LONE, LONE], 2)
    assert_same(model, session, [LONE], 1)


def test_graphs_of_very_different_sizes(
    model: QualityModel, session: onnxruntime.InferenceSession, graphs: list[GraphArrays]
) -> None:
    space = spaces.get("transnas_macro")
    assert_same(model, session, [to_arrays(space.build(space.sample(random.Random(0)))), *graphs, LONE], 3)


def test_a_file_becomes_the_model_that_it_was_written_from(model: QualityModel, content: bytes) -> None:
    back = read_graph_model(content)
    assert back.encoder.config == CONFIG
    for name, values in model.state_dict().items():
        torch.testing.assert_close(back.state_dict()[name], values, rtol=0, atol=0)


def test_new_weights_in_an_old_file(model: QualityModel, content: bytes, graphs: list[GraphArrays]) -> None:
    trained = read_graph_model(content)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.mul_(0.9)
    session = onnxruntime.InferenceSession(with_weights(content, trained), providers=["CPUExecutionProvider"])
    assert_same(trained, session, graphs, 2)


def test_another_network_is_no_graph_network(content: bytes) -> None:
    with pytest.raises(CheckpointError, match="no graph network"):
        read_graph_model(content.replace(b"model.encoder.numbers.weight", b"model.encoder.numbers.weighs"))
