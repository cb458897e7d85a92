"""The exported encoder gives in onnxruntime what it gives in torch, for any number of texts and tokens."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from encoders.text_onnx import OUTPUTS, export_text_model
from onnx_bench.errors import MissingExtraError, UnsupportedGraphError
from tests.encoders.tiny_checkpoints import TEXTS, tokenizer, write_encoder

LONGEST = 64


@pytest.fixture(scope="module")
def model() -> QualityModel:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = QualityModel(TextEncoder.new(tokenizer(), TextEncoderConfig(32, 2, 2, 32, LONGEST)), 32)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(3.0)  # weights as large as trained ones, so that a wrong operator shows
    return found.train()


@pytest.fixture(scope="module")
def session(model: QualityModel) -> onnxruntime.InferenceSession:
    content = export_text_model(model)
    assert model.training and model.encoder.training, "the mode is as it was"
    model.eval()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def described(tasks: int) -> NDArray[np.float32]:
    return np.random.default_rng(tasks).normal(size=(tasks, SIZE)).astype(np.float32)


def test_inputs_and_outputs_have_free_axes(session: onnxruntime.InferenceSession) -> None:
    texts, whole, real = "tensor(int64)", (str, str), "tensor(float)"
    expected = {"input_ids": (texts, whole), "attention_mask": (texts, whole), "tasks": (real, (str, int))}
    assert {i.name: (i.type, tuple(map(type, i.shape))) for i in session.get_inputs()} == expected
    scores, vectors = session.get_outputs()
    assert (scores.name, vectors.name) == OUTPUTS
    assert isinstance(vectors.shape[0], str) and vectors.shape[1] == 32


@pytest.mark.parametrize(
    ("texts", "length", "tasks"),
    [(1, 1, 1), (1, 17, 2), (2, 7, 7), (5, 3, 1), (9, LONGEST, 3), (64, 20, 2)],
)
def test_the_same_as_torch(
    model: QualityModel, session: onnxruntime.InferenceSession, texts: int, length: int, tasks: int
) -> None:
    rng = np.random.default_rng(length)
    ids = rng.integers(4, model.encoder.tokenizer.vocab_size, (texts, length))
    mask = (np.arange(length) < rng.integers(1, length + 1, (texts, 1))).astype(np.int64)
    inputs = {"input_ids": ids * mask, "attention_mask": mask, "tasks": described(tasks)}
    found = session.run(OUTPUTS, inputs)
    with torch.no_grad():
        expected = model(**{name: torch.from_numpy(value) for name, value in inputs.items()})
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)
    assert found[0].shape == (texts, tasks)


def test_padding_does_not_matter(model: QualityModel, session: onnxruntime.InferenceSession) -> None:
    batch = model.encoder.tokenize(TEXTS)
    inputs = {"input_ids": batch.ids, "attention_mask": batch.mask, "tasks": described(1)}
    (found,) = session.run(OUTPUTS[1:], inputs)
    np.testing.assert_allclose(found, model.encoder.embed(TEXTS).numpy(), atol=1e-4)
    np.testing.assert_allclose(found[2:], model.encoder.embed(TEXTS[2:]).numpy(), atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 1e-2


def test_a_model_that_reads_no_text() -> None:
    with pytest.raises(UnsupportedGraphError, match="Linear"):
        export_text_model(QualityModel(torch.nn.Linear(2, 4), 4))


def test_somebody_elses_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedGraphError, match="of our own"):
        export_text_model(QualityModel(TextEncoder.from_backbone(write_encoder(tmp_path)), 16))


def test_without_onnxscript(model: QualityModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match="onnxscript"):
        export_text_model(model)
