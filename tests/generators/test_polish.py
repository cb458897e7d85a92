"""The end of a pass: better by single changes, within budgets on the real network, all different."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from generators import polish
from generators.codes import Codes
from generators.draw import Aim, Settings, draw_architectures
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline
from generators.polish import Polisher
from onnx_bench import spaces

CONVS = {"nasbench201": "nor_conv_3x3", "nasbench101": "conv3x3-bn-relu"}


def sampled(space: str, num: int) -> list[str]:
    rng = random.Random(0)
    return [spaces.get(space).sample(rng) for _ in range(num)]


def convs(codes: Codes, pipeline: ArchitecturePipeline) -> Tensor:
    return codes.nodes[..., pipeline.denoiser.vocabulary.column("op", "conv3x3")].sum(dim=1)


def counting(pipeline: ArchitecturePipeline, wrong_by: float = 0.0):  # type: ignore[no-untyped-def]
    """A score of two targets: how many convolutions there are, and what they cost, told `wrong_by` too little."""

    def score(codes: Codes, signal: Tensor, space: str) -> Tensor:
        count = convs(codes, pipeline)
        return torch.stack([count, count - wrong_by], dim=1)

    return score


def climbing(pipeline: ArchitecturePipeline, space: str, score: Callable[[Codes], Tensor]) -> Polisher:
    """What seeks the first of two targets of a space."""
    weights = torch.tensor([1.0, 0.0])
    return Polisher(get_layout(space), pipeline.denoiser.vocabulary, score, weights, {}, lambda _: {}, str)


@pytest.mark.parametrize("space", ["nasbench201", "nasbench101"])
def test_climbing_ends_where_no_edit_is_better(pipeline: ArchitecturePipeline, space: str) -> None:
    def count(arch: str) -> int:
        return arch.count(CONVS[space])

    archs = sampled(space, 8)
    polisher = climbing(pipeline, space, lambda c: counting(pipeline)(c, torch.ones(len(c.nodes)), space))
    climbed = polisher.climb(archs, 12)
    assert sum(map(count, climbed)) > sum(map(count, archs))
    assert all(count(other) <= count(arch) for arch in climbed for other in spaces.get(space).neighbours(arch))
    assert polisher.climb(archs, 0) == archs


def test_climbing_stays_among_the_architectures_of_the_space(pipeline: ArchitecturePipeline) -> None:
    """A score that likes edges leads to cells of nine edges, not to graphs of more that are decoded to others."""
    polisher = climbing(pipeline, "nasbench101", lambda c: c.edges.sum(dim=(1, 2))[:, None].expand(-1, 2))
    cells = [spaces.get("nasbench101").parse(arch) for arch in polisher.climb(sampled("nasbench101", 8), 12)]
    assert {len(cell.edges) for cell in cells} == {9}


def test_of_many_neighbours_those_are_asked_about_that_gain_most(
    pipeline: ArchitecturePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a linear score the first order is exact: the best of all neighbours is found."""
    monkeypatch.setattr(polish, "_MOST_NEAR", 8)
    layout, asked = get_layout("mnasnet"), list[int]()
    worth = torch.randn(len(pipeline.denoiser.vocabulary), generator=torch.Generator().manual_seed(0))

    def score(codes: Codes) -> Tensor:
        asked.append(len(codes.nodes))
        return (codes.nodes @ worth).sum(dim=1)[:, None].expand(-1, 2)

    (arch,) = sampled("mnasnet", 1)
    near = layout.space.neighbours(arch)
    values = score(Codes.of(pipeline.denoiser.vocabulary, [layout.encode(other) for other in near]))[:, 0]
    asked.clear()
    assert climbing(pipeline, "mnasnet", score).climb([arch], 1) == [near[int(values.argmax())]]
    assert sum(asked) < len(near)


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
