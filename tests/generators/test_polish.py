"""The end of a pass: better by single changes, within budgets on the real network, all different."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from generators.changes import Changes
from generators.codes import Codes
from generators.draw import Aim, Settings, draw_architectures
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline
from generators.polish import Polisher
from onnx_bench import spaces
from tests.generators.conftest import sample_codes

CONVS = {"nasbench201": "nor_conv_3x3", "nasbench101": "conv3x3-bn-relu"}


@pytest.mark.parametrize("space", ["nasbench201", "nasbench101", "mnasnet"])
def test_changes_are_all_single_changes(pipeline: ArchitecturePipeline, space: str) -> None:
    frame = pipeline.denoiser.frame(space)
    changes, codes = Changes.of(frame), sample_codes(pipeline, space, 3)
    total = changes.total
    changed = changes.apply(codes, torch.arange(total).expand(3, -1))
    assert len(changed.nodes) == 3 * total
    assert (changed.nodes * ~frame.allowed == 0).all()
    nodes = (changed.nodes.view(3, total, *codes.nodes.shape[1:]) != codes.nodes[:, None]).flatten(2).sum(dim=2)
    edges = (changed.edges.view(3, total, *codes.edges.shape[1:]) != codes.edges[:, None]).flatten(2).sum(dim=2)
    assert ((nodes // 2 + edges) <= 1).all()
    assert ((nodes // 2 + edges) == 1).sum(dim=1).min() >= total / 2


def test_gains_are_exact_for_a_linear_score(pipeline: ArchitecturePipeline) -> None:
    codes = sample_codes(pipeline, "nasbench101", 4)
    changes = Changes.of(pipeline.denoiser.frame("nasbench101"))
    nodes, edges = torch.randn(codes.nodes.shape[1:]), torch.randn(codes.edges.shape[1:])
    slopes = Codes(nodes.expand_as(codes.nodes), edges.expand_as(codes.edges))

    def value(of: Codes) -> Tensor:
        return (of.nodes * slopes.nodes[0]).sum(dim=(1, 2)) + (of.edges * slopes.edges[0]).sum(dim=(1, 2))

    after = value(changes.apply(codes, torch.arange(changes.total).expand(4, -1))).view(4, -1)
    assert torch.allclose(changes.gains(codes, slopes), after - value(codes)[:, None], atol=1e-4)


def convs(codes: Codes, pipeline: ArchitecturePipeline) -> Tensor:
    return codes.nodes[..., pipeline.denoiser.vocabulary.column("op", "conv3x3")].sum(dim=1)


def counting(pipeline: ArchitecturePipeline, wrong_by: float = 0.0):  # type: ignore[no-untyped-def]
    """A score of two targets: how many convolutions there are, and what they cost, told `wrong_by` too little."""

    def score(codes: Codes, signal: Tensor, space: str) -> Tensor:
        count = convs(codes, pipeline)
        return torch.stack([count, count - wrong_by], dim=1)

    return score


@pytest.mark.parametrize("space", ["nasbench201", "nasbench101"])
def test_climbing_reaches_the_top_of_a_simple_score(pipeline: ArchitecturePipeline, space: str) -> None:
    codes = sample_codes(pipeline, space, 8)
    polisher = Polisher(
        get_layout(space), pipeline.denoiser.frame(space), pipeline.denoiser.vocabulary,
        lambda c: counting(pipeline)(c, torch.ones(len(c.nodes)), space), torch.tensor([1.0, 0.0]), {}, lambda _: {},
        str,
    )  # fmt: skip
    before = codes.nodes.clone()
    climbed = polisher.climb(codes, 7)
    assert (convs(climbed, pipeline) == (6 if space == "nasbench201" else 5)).all()
    assert torch.equal(codes.nodes, before)


@pytest.mark.parametrize("wrong_by", [0.0, 2.0])
@pytest.mark.parametrize("space", ["nasbench201", "nasbench101"])
def test_budgets_hold_on_the_real_network_and_nothing_is_there_twice(
    pipeline: ArchitecturePipeline, space: str, wrong_by: float
) -> None:
    found = spaces.get(space)

    def measure(arch: str) -> dict[int, float]:
        return {1: float(arch.count(CONVS[space]))}

    aim = Aim(
        counting(pipeline, wrong_by), torch.tensor([1.0, 0.0]), {1: 2.0}, measure,
        lambda arch: found.build(arch).fingerprint(),
    )  # fmt: skip
    settings = Settings(steps=5, guidance_scale=3.0, rounds=3)
    drawn = draw_architectures(pipeline, space, 12, aim, None, settings, seed=1)
    assert all(one.meets and one.measured[1] <= 2 for one in drawn)
    assert len({aim.identity(one.arch) for one in drawn}) == 12
    again = draw_architectures(pipeline, space, 12, aim, None, settings, seed=1)
    assert again == drawn
    other = draw_architectures(pipeline, space, 12, aim, None, settings, seed=2)
    assert other != drawn


def test_an_impossible_budget_is_reported(pipeline: ArchitecturePipeline) -> None:
    def measure(arch: str) -> dict[int, float]:
        return {1: float(arch.count("nor_conv_3x3"))}

    aim = Aim(counting(pipeline), torch.tensor([1.0, 0.0]), {1: -1.0}, measure, str)
    drawn = draw_architectures(pipeline, "nasbench201", 3, aim, None, Settings(steps=3, distinct=False), seed=0)
    assert not any(one.meets for one in drawn)
    assert all(one.measured[1] == 0 for one in drawn), "as near as can be"


def test_guidance_can_be_turned_off(pipeline: ArchitecturePipeline) -> None:
    aim = Aim(counting(pipeline), torch.tensor([1.0, 0.0]), {}, lambda _: {}, str)
    off = Settings(steps=5, guidance_scale=0.0, rounds=0, distinct=False)
    free, pulled = (
        sum(one.arch.count("nor_conv_3x3") for one in
            draw_architectures(pipeline, "nasbench201", 60, aim, None, replace_scale(off, scale), 0))
        for scale in (0.0, 4.0)
    )  # fmt: skip
    assert pulled > 2 * free


def replace_scale(settings: Settings, scale: float) -> Settings:
    return settings._replace(guidance_scale=scale)
