"""Write a trained graph network with its head as one ONNX file, for onnxruntime. Needs torch and onnxscript."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from encoders.features import NAMES
from encoders.graph_batch import GraphBatch
from encoders.plain_onnx import plain
from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from encoders.tensors import FEATURES, GraphArrays

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
    return plain(program.model_proto)
