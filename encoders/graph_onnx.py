"""A trained graph network with its head as one ONNX file, for onnxruntime, and back.

Needs torch, and for writing a network of a new size onnxscript.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from encoders.features import NAMES
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.plain_onnx import plain
from encoders.quality_model import QualityModel
from encoders.row_scatter_onnx import scatter_rows
from encoders.task_descriptor import SIZE
from encoders.tensors import FEATURES, GraphArrays
from onnx_bench.errors import CheckpointError

INPUTS = ("x_op", "x_num", "producers", "readers", "graph", "features", "tasks")
OUTPUTS = ("quality_scores", "graph_vectors")
OPSET = 18


class _Positional(torch.nn.Module):
    """The model with its inputs in the order of `INPUTS`."""

    def __init__(self, model: QualityModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, x_op: Tensor, x_num: Tensor, producers: Tensor, readers: Tensor, graph: Tensor, features: Tensor,
        tasks: Tensor,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        return self.model(
            tasks, x_op=x_op, x_num=x_num, producers=producers, readers=readers, graph=graph, features=features
        )


_PREFIX = "model."


def read_graph_model(content: bytes) -> QualityModel:
    """The model that `export_graph_model` wrote, to be trained further.

    Raises:
        CheckpointError: The file holds other tensors than a graph network has, or of another size.
    """
    found = {
        tensor.name.removeprefix(_PREFIX): torch.from_numpy(numpy_helper.to_array(tensor).copy())
        for tensor in onnx.load_from_string(content).graph.initializer
        if tensor.name.startswith(_PREFIX)
    }
    try:
        width, embedding = found["encoder.numbers.weight"].shape[0], found["encoder.readout.2.weight"].shape[0]
        layers = sum(name.endswith(".inner.weight") for name in found)
        model = QualityModel(GraphNetwork(GraphNetworkConfig(width, layers, embedding)), embedding)
        model.load_state_dict(found)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(f"this is no graph network of this version of archlm: {error}") from error
    return model.eval()


def with_weights(content: bytes, model: QualityModel) -> bytes:
    """The file `content`, which `export_graph_model` wrote for a model of this size, with the weights of `model`."""
    file = onnx.load_from_string(content)
    state = model.state_dict()
    for tensor in file.graph.initializer:
        if tensor.name.startswith(_PREFIX):
            values = state[tensor.name.removeprefix(_PREFIX)].detach().cpu().numpy()
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return file.SerializeToString()


def export_graph_model(model: QualityModel) -> bytes:
    """The ONNX file of `model`, whose encoder is a `GraphNetwork`, for any number of nodes, edges, graphs and tasks."""
    nodes, edges, graphs, tasks = (torch.export.Dim(name) for name in ("nodes", "edges", "graphs", "tasks"))
    axes: dict[str, dict[int, Any]] = {
        "x_op": {0: nodes}, "x_num": {0: nodes}, "producers": {0: edges}, "readers": {0: edges}, "graph": {0: nodes},
        "features": {0: graphs}, "tasks": {0: tasks},
    }  # fmt: skip
    chain = np.array([[0, 1, 2], [1, 2, 3]])
    line = GraphArrays(np.zeros(4, np.int64), np.zeros((4, len(FEATURES)), np.float32), chain, np.zeros(3, np.int64))
    example = GraphBatch.of([line, line, line]).inputs(np.zeros((3, len(NAMES))))
    values = [torch.from_numpy(example[name]) for name in INPUTS[:-1]]
    training = model.training
    program = torch.onnx.export(
        _Positional(model).eval(), (*values, torch.zeros(2, SIZE)), dynamo=True, dynamic_shapes=axes,
        input_names=list(INPUTS), output_names=list(OUTPUTS), opset_version=OPSET, verbose=False,
    )  # fmt: skip
    model.train(training)
    assert program is not None
    file = program.model_proto
    scatter_rows(file)
    return plain(file)
