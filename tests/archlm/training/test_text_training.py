"""Encoder and decoder checkpoints of Hugging Face learn to score architectures, fully and by low-rank updates."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from archlm.training.batches import BatchConfig, TrainingSpace
from archlm.training.quality_training import QualityTrainingConfig, ask, train_quality
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe_many
from encoders.text_encoder import TextEncoder
from onnx_bench.tasks import get_task
from tests.encoders.tiny_checkpoints import write_decoder, write_encoder

NETWORKS, SEEN = 96, 72


@pytest.fixture(scope="module")
def networks() -> tuple[list[str], NDArray[np.float32]]:
    """Texts as short as the checkpoints' positions are few, and a value that they tell: how deep the network is."""
    rng = random.Random(0)
    depths = [rng.randint(1, 6) for _ in range(NETWORKS)]
    values = (np.array(depths) - 3.5) / 2
    return [f"Conv 16 k3\n{'Relu' * depth}\n" for depth in depths], values.astype(np.float32)[:, None]


def training_space(encoder: TextEncoder, texts: list[str], values: NDArray[np.float32]) -> TrainingSpace:
    def inputs(rows: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        batch = encoder.tokenize([texts[i] for i in rows])
        return {"input_ids": batch.ids, "attention_mask": batch.mask}

    tasks = describe_many([get_task("cifar10")])
    return TrainingSpace("short", inputs, values, tasks, np.ones(len(texts), np.int64))


@pytest.mark.parametrize("lora_rank", [0, 4])
@pytest.mark.parametrize("write", [write_encoder, write_decoder])
def test_a_checkpoint_is_trained_and_asked(
    write: object, lora_rank: int, networks: tuple[list[str], NDArray[np.float32]], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    assert callable(write)
    encoder = TextEncoder.from_backbone(write(tmp_path / "checkpoint"), lora_rank=lora_rank)
    frozen = {n: p.detach().clone() for n, p in encoder.named_parameters() if not p.requires_grad}
    assert bool(frozen) == bool(lora_rank)
    texts, values = networks
    model = QualityModel(encoder, encoder.width)
    seen = training_space(encoder, texts[:SEEN], values[:SEEN])
    config = QualityTrainingConfig(steps=100, learning_rate=2e-2, batch=BatchConfig(networks=24, cost=24))
    before = ask(model, seen)[0]
    train_quality(model, [seen], config, tmp_path / "run", quiet=True)
    assert all(torch.equal(value, encoder.get_parameter(name)) for name, value in frozen.items())
    assert np.square(ask(model, seen)[0] - seen.targets).mean() < 0.7 * np.square(before - seen.targets).mean()
    found, _ = ask(model, training_space(encoder, texts[SEEN:], values[SEEN:]))
    assert spearmanr(found[:, 0], values[SEEN:, 0]).statistic > 0.3
    encoder.save(tmp_path / "saved")
    again = TextEncoder.load(tmp_path / "saved")
    torch.testing.assert_close(again.embed(texts[:3]), encoder.embed(texts[:3]))
