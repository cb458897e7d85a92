"""Write a text encoder, alone or with a head, as one ONNX file, for onnxruntime. Needs torch and onnxscript."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from encoders.plain_onnx import plain
from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.extras import import_extra

INPUTS = ("input_ids", "attention_mask")
TASKS = "tasks"
OUTPUT = "embeddings"
MODEL_OUTPUTS = ("quality_scores", "graph_vectors")
OPSET = 18


class _Positional(torch.nn.Module):
    """A quality model with its inputs in the order of the file."""

    def __init__(self, model: QualityModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tasks: Tensor) -> tuple[Tensor, Tensor]:
        return self.model(tasks, input_ids=input_ids, attention_mask=attention_mask)


def export_text_encoder(encoder: TextEncoder) -> bytes:
    """The ONNX file of `encoder`, one of our own, for any number of texts and tokens.

    Its inputs are `input_ids` and `attention_mask`, its output is `embeddings`; the exporter needs the extra `dev`.

    Shapes:
        input_ids: [B, L] int64.
        attention_mask: [B, L] int64, 1 at tokens, 0 at padding.
        embeddings: [B, D] float32.

    Raises:
        UnsupportedGraphError: The encoder is somebody else's checkpoint, of an architecture that may not export.
        MissingExtraError: `onnxscript` is not installed.
    """
    return _exported(encoder, encoder, [], {}, [OUTPUT])


def export_text_model(model: QualityModel) -> bytes:
    """The ONNX file of `model`, whose encoder is a `TextEncoder` of our own, for any number of texts, tokens and tasks.

    Inputs as `export_text_encoder` and `tasks`; outputs are `quality_scores` and `graph_vectors`. Raises as that.

    Shapes:
        tasks: [T, K] float32.
        quality_scores: [B, T] float32.
        graph_vectors: [B, D] float32.
    """
    if not isinstance(model.encoder, TextEncoder):
        raise UnsupportedGraphError(f"a model with a {type(model.encoder).__name__}; this writes those that read text")
    axes = {TASKS: {0: torch.export.Dim("tasks")}}
    return _exported(_Positional(model), model.encoder, [torch.zeros(3, SIZE)], axes, MODEL_OUTPUTS)


def _exported(
    module: torch.nn.Module, encoder: TextEncoder, more: Sequence[Tensor], axes: dict[str, Any], outputs: Sequence[str]
) -> bytes:
    """`module`, which takes ids, mask and `more`, whose free axes are `axes`, as the bytes of a file."""
    if not isinstance(encoder.config, TextEncoderConfig):
        raise UnsupportedGraphError(
            f"{encoder.config.source} is no encoder of our own; export it with optimum, or distil it into one"
        )
    import_extra("onnxscript", "dev")
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens", max=encoder.config.max_length)
    axes = {name: {0: texts, 1: tokens} for name in INPUTS} | axes
    ids = torch.full((2, 7), encoder.tokenizer.vocab_size - 1)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])  # with padding, so that masking is part of the graph
    training = {part: part.training for part in module.modules()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own deprecations; a failure is an exception
            program = torch.onnx.export(
                module.eval(), (ids, mask, *more), dynamo=True, dynamic_shapes=axes, input_names=list(axes),
                output_names=list(outputs), opset_version=OPSET, verbose=False,
            )  # fmt: skip
    finally:
        for part, was_training in training.items():
            part.training = was_training
    assert program is not None
    return plain(program.model_proto)
