"""Training: losses fall, an interrupted run goes on, a score can be taught something new."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generators.pipeline import ArchitecturePipeline
from generators.training.losses import denoising_loss, score_loss, told_conditions
from generators.training.prepare import prepare
from generators.training.samples import SpaceDraws, SpaceSample
from generators.training.teach import teach
from generators.training.trainer import TrainingConfig, train_denoiser, train_score
from onnx_bench import spaces
from tests.generators.conftest import TARGETS, TINY_SPACES, sample_codes

QUICK = TrainingConfig(steps=60, batch=64, learning_rate=5e-3)
LONGER = replace(QUICK, steps=240)


def samples(pipeline: ArchitecturePipeline) -> dict[str, SpaceSample]:
    """Random architectures; the first target is how many 3x3 convolutions there are."""
    column, found = pipeline.denoiser.vocabulary.column("op", "conv3x3"), {}
    for space in TINY_SPACES:
        codes = sample_codes(pipeline, space, 128)
        count = codes.nodes[..., column].sum(dim=1)
        values = torch.stack([count - count.mean(), torch.full_like(count, torch.nan), -count], dim=1)
        found[space] = SpaceSample(codes, values)
    return found


def test_the_denoiser_learns(pipeline: ArchitecturePipeline, tmp_path: Path) -> None:
    model = pipeline.denoiser
    before = {name: value.clone() for name, value in model.state_dict().items()}
    data = samples(pipeline)
    clean, frame = data["nasbench101"].codes, model.frame("nasbench101")

    def loss() -> float:
        with torch.no_grad():
            return float(denoising_loss(*model(clean, torch.full((128,), 0.9), "nasbench101"), clean, frame))

    try:
        start = loss()
        train_denoiser(model, data, QUICK, tmp_path, quiet=True)
        assert loss() < 0.7 * start
    finally:
        model.load_state_dict(before)


def test_the_score_learns_and_goes_on_where_it_was_interrupted(pipeline: ArchitecturePipeline, tmp_path: Path) -> None:
    model, data = pipeline.score, samples(pipeline)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    frames = {space: pipeline.denoiser.frame(space) for space in TINY_SPACES}
    codes, values = data["nasbench201"].codes, data["nasbench201"].values

    def loss() -> float:
        with torch.no_grad():
            return float(score_loss(model(codes, torch.ones(128), "nasbench201"), values))

    try:
        start = loss()
        train_score(model, data, frames, LONGER, tmp_path, quiet=True)
        whole = {name: value.clone() for name, value in model.state_dict().items()}
        assert loss() < 0.4 * start
        model.load_state_dict(before)
        train_score(model, data, frames, LONGER, tmp_path, quiet=True)  # finished before: nothing is left to do
        for name, value in model.state_dict().items():
            assert torch.allclose(value, whole[name], equal_nan=True), name
    finally:
        model.load_state_dict(before)


def test_a_score_can_be_taught(pipeline: ArchitecturePipeline, capfd: pytest.CaptureFixture[str]) -> None:
    codes = sample_codes(pipeline, "nasbench201", 256)
    column = pipeline.denoiser.vocabulary.column("op", "avg_pool3x3")
    count = codes.nodes[..., column].sum(dim=1, keepdim=True)
    frame = pipeline.denoiser.frame("nasbench201")
    config = replace(QUICK, steps=150)
    taught = teach(pipeline.score, "nasbench201", frame, SpaceSample(codes, count - count.mean()), "pools", config)
    assert taught.targets == (*TARGETS, "taught pools")
    assert capfd.readouterr().out == "", "a command may print JSON beside it"
    with torch.no_grad():
        found = taught(codes, torch.ones(256), "nasbench201")
        base = pipeline.score(codes, torch.ones(256), "nasbench201")
    assert torch.equal(found[:, :-1], base), "what was known is not forgotten"
    assert torch.corrcoef(torch.stack([found[:, -1], count[:, 0]]))[0, 1] > 0.95


def test_draws_depend_on_seed_and_step_alone(pipeline: ArchitecturePipeline) -> None:
    data = samples(pipeline)
    draws, again = SpaceDraws(data, 9, 4, seed=1), SpaceDraws(data, 9, 4, seed=1)
    assert torch.equal(draws[5]["nodes"], again[5]["nodes"])
    assert draws[5]["seed"] == again[5]["seed"] != SpaceDraws(data, 9, 4, seed=2)[5]["seed"]
    names = [batch["space"] for batch in draws]
    assert all(set(names[i : i + 3]) == set(TINY_SPACES) for i in (0, 3, 6))


def test_conditions_are_parts_of_what_is_known() -> None:
    values = torch.randn(2000, 4)
    values[:, 3] = torch.nan
    is_quality = torch.tensor([True, True, False, False])
    told = told_conditions(values, is_quality, torch.Generator().manual_seed(0))
    known = ~told.isnan()
    assert not known[:, 3].any()
    assert (known[:, :2].sum(dim=1) <= 1).all(), "one quality at most"
    assert torch.equal(told[:, :2][known[:, :2]], values[:, :2][known[:, :2]])
    assert (told[:, 2][known[:, 2]] >= values[:, 2][known[:, 2]]).all(), "a budget is not below the cost"
    assert 0.1 < (~known.any(dim=1)).float().mean() < 0.5


def test_prepared_values_are_on_the_scales_of_the_space(pipeline: ArchitecturePipeline) -> None:
    rng = random.Random(0)
    archs = [spaces.get("nasbench201").sample(rng) for _ in range(200)]
    graphs = [spaces.get("nasbench201").build(arch) for arch in archs]
    columns = {"params": [g.params for g in graphs], "cifar10": [float(g.num_nodes) for g in graphs]}
    made = prepare(pipeline.denoiser.vocabulary, "nasbench201", archs, columns, TARGETS)  # type: ignore[arg-type]
    values = made.sample.values
    assert values[:, 2].isnan().all() and "macs" not in made.scales
    assert values[:, 1].mean() == pytest.approx(0, abs=1e-5) and values[:, 1].std() == pytest.approx(1, abs=0.02)
    assert made.scales["params"].to_cost(values[:, 1].double().numpy()) == pytest.approx(columns["params"], rel=1e-4)
    assert values[:, 0].max() < 3.5
