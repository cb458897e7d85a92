"""Write a text encoder with its head as one ONNX file, for onnxruntime. Needs torch and onnxscript."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor

from encoders.plain_onnx import plain
from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.extras import import_extra

INPUTS = ("input_ids", "attention_mask", "tasks")
OUTPUTS = ("quality_scores", "graph_vectors")
OPSET = 18


class _Positional(torch.nn.Module):
    """A quality model with its inputs in the order of `INPUTS`."""

    def __init__(self, model: QualityModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor, tasks: Tensor) -> tuple[Tensor, Tensor]:
        return self.model(tasks, input_ids=input_ids, attention_mask=attention_mask)


def export_text_model(model: QualityModel) -> bytes:
    """The ONNX file of `model`, whose encoder is a `TextEncoder` of our own, for any number of texts, tokens and tasks.

    The exporter needs the extra `dev`.

    Shapes:
        input_ids: [B, L] int64.
        attention_mask: [B, L] int64, 1 at tokens, 0 at padding.
        tasks: [T, K] float32.
        quality_scores: [B, T] float32.
        graph_vectors: [B, D] float32.

    Raises:
        UnsupportedGraphError: The encoder reads no text, or is somebody else's checkpoint, which may not export.
        MissingExtraError: `onnxscript` is not installed.
    """
    encoder = model.encoder
    if not isinstance(encoder, TextEncoder):
        raise UnsupportedGraphError(f"a model with a {type(encoder).__name__}; this writes those that read text")
    if not isinstance(encoder.config, TextEncoderConfig):
        raise UnsupportedGraphError(
            f"{encoder.config.source} is no encoder of our own; export it with optimum, or distil it into one"
        )
    import_extra("onnxscript", "dev")
    texts, tokens = torch.export.Dim("texts"), torch.export.Dim("tokens", max=encoder.config.max_length)
    axes = [{0: texts, 1: tokens}, {0: texts, 1: tokens}, {0: torch.export.Dim("tasks")}]
    ids = torch.full((2, 7), encoder.tokenizer.vocab_size - 1)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3])  # with padding, so that masking is part of the graph
    training = {part: part.training for part in model.modules()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the exporter's own deprecations; a failure is an exception
            program = torch.onnx.export(
                _Positional(model).eval(), (ids, mask, torch.zeros(3, SIZE)), dynamo=True,
                dynamic_shapes=dict(zip(INPUTS, axes, strict=True)), input_names=list(INPUTS),
                output_names=list(OUTPUTS), opset_version=OPSET, verbose=False,
            )  # fmt: skip
    finally:
        for part, was_training in training.items():
            part.training = was_training
    assert program is not None
    return plain(program.model_proto)
