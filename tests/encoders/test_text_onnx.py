"""The exported encoder gives in onnxruntime what it gives in torch, for any number of texts and tokens."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from encoders.text_encoder import TextEncoder
from encoders.text_encoder_config import TextEncoderConfig
from encoders.text_onnx import INPUTS, OUTPUT, export_text_encoder, export_text_model
from onnx_bench.errors import MissingExtraError, UnsupportedGraphError
from tests.encoders.tiny_checkpoints import TEXTS, tokenizer, write_encoder

LONGEST = 64


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    torch.set_num_threads(1)
    found = TextEncoder.new(tokenizer(), TextEncoderConfig(32, 2, 2, 32, LONGEST))
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.mul_(3.0)  # weights as large as trained ones, so that a wrong operator shows
    return found.train()


def opened(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def session(encoder: TextEncoder) -> onnxruntime.InferenceSession:
    content = export_text_encoder(encoder)
    assert encoder.training, "the mode is as it was"
    return opened(content)


def test_inputs_and_output_have_free_axes(session: onnxruntime.InferenceSession) -> None:
    assert {i.name: (i.type, len(i.shape)) for i in session.get_inputs()} == dict.fromkeys(INPUTS, ("tensor(int64)", 2))
    assert all(isinstance(axis, str) for i in session.get_inputs() for axis in i.shape)
    (output,) = session.get_outputs()
    assert output.name == OUTPUT and isinstance(output.shape[0], str) and output.shape[1] == 32


@pytest.mark.parametrize(("texts", "length"), [(1, 1), (1, 17), (2, 7), (5, 3), (9, LONGEST), (64, 20)])
def test_the_same_as_torch(
    encoder: TextEncoder, session: onnxruntime.InferenceSession, texts: int, length: int
) -> None:
    rng = np.random.default_rng(length)
    ids = rng.integers(4, encoder.tokenizer.vocab_size, (texts, length))
    mask = (np.arange(length) < rng.integers(1, length + 1, (texts, 1))).astype(np.int64)
    ids *= mask
    (found,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
    with torch.no_grad():
        expected = encoder(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_padding_does_not_matter(encoder: TextEncoder, session: onnxruntime.InferenceSession) -> None:
    batch = encoder.tokenize(TEXTS)
    (found,) = session.run(None, {"input_ids": batch.ids, "attention_mask": batch.mask})
    np.testing.assert_allclose(found, encoder.embed(TEXTS).numpy(), atol=1e-4)
    np.testing.assert_allclose(found[2:], encoder.embed(TEXTS[2:]).numpy(), atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 1e-2


def test_with_its_head() -> None:
    model = QualityModel(TextEncoder.new(tokenizer(), TextEncoderConfig(16, 1, 2, 16, LONGEST)), 16).train()
    session = opened(export_text_model(model))
    assert model.encoder.training
    for texts, length, tasks in ((1, 5, 1), (6, 20, 2), (2, 3, 7)):
        ids = np.random.default_rng(texts).integers(4, 100, (texts, length))
        described = np.random.default_rng(tasks).normal(size=(tasks, SIZE)).astype(np.float32)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "tasks": described}
        found = session.run(["quality_scores", "graph_vectors"], inputs)
        with torch.no_grad():
            expected = model.eval()(**{name: torch.from_numpy(value) for name, value in inputs.items()})
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-4)
        assert found[0].shape == (texts, tasks)


def test_a_model_that_reads_no_text() -> None:
    with pytest.raises(UnsupportedGraphError, match="Linear"):
        export_text_model(QualityModel(torch.nn.Linear(2, 4), 4))


def test_somebody_elses_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedGraphError, match="of our own"):
        export_text_encoder(TextEncoder.from_backbone(write_encoder(tmp_path)))


def test_without_onnxscript(encoder: TextEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match="onnxscript"):
        export_text_encoder(encoder)
