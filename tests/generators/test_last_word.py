"""The predictor's last word: a best-first search around a batch, within budgets and calls."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from generators.codes import Codes
from generators.last_word import LastWord, best_first
from generators.layouts import get_layout
from generators.pipeline import ArchitecturePipeline
from generators.polish import Measured, Polished, Polisher
from onnx_bench import spaces

SPACE = "nasbench201"
LOW = "|none~0|+|none~0|none~1|+|{}~0|none~1|none~2|"


def convs(arch: str) -> int:
    return arch.count("conv_3x3")


def identity(arch: str) -> str:
    return spaces.get(SPACE).build(arch).fingerprint()


def polisher(pipeline: ArchitecturePipeline, most: float | None = None) -> Polisher:
    """With a score that knows nothing, so that all there is to go by is the judge."""
    return Polisher(
        get_layout(SPACE), pipeline.denoiser.vocabulary, lambda codes: blank(codes),
        torch.tensor([1.0, 0.0]), {} if most is None else {1: most}, measured, identity,
    )  # fmt: skip


def blank(codes: Codes) -> torch.Tensor:
    return torch.zeros(len(codes.nodes), 2)


def measured(arch: str) -> Measured:
    return {1: float(convs(arch))}


class Judge:
    """Likes convolutions; remembers whom it was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, archs: Sequence[str]) -> list[float]:
        self.asked += archs
        return [float(convs(arch)) for arch in archs]


def batch(*archs: str, meets: bool = True) -> list[Polished]:
    return [Polished(arch, measured(arch), meets) for arch in archs]


def test_it_finds_what_the_judge_likes_and_answers_the_best_first(pipeline: ArchitecturePipeline) -> None:
    judge = Judge()
    first = batch(LOW.format("skip_connect"), LOW.format("nor_conv_1x1"))
    found = LastWord(polisher(pipeline), judge, 400).of(first, set())
    counts = [convs(one.arch) for one in found]
    assert len(found) == 2
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 6, "all six can be convolutions"
    assert len({identity(one.arch) for one in found}) == 2


def test_no_more_calls_than_allowed_and_nobody_is_asked_about_twice(pipeline: ArchitecturePipeline) -> None:
    for calls in (0, 1, 10):
        judge = Judge()
        first = batch(LOW.format("skip_connect"), LOW.format("nor_conv_1x1"))
        found = LastWord(polisher(pipeline), judge, calls).of(first, set())
        assert len(judge.asked) == len(set(judge.asked)) == 2 + calls
        assert max(map(convs, judge.asked)) == convs(found[0].arch)


def test_a_budget_that_only_two_edits_at_once_can_keep(pipeline: ArchitecturePipeline) -> None:
    start = "|nor_conv_3x3~0|+|skip_connect~0|skip_connect~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|"

    def two_convs_and_four_skips(arch: str) -> Measured:
        return {1: abs(convs(arch) - 2.0) + 4 - arch.count("skip_connect")}

    some = polisher(pipeline, 0.5)
    some.measure = two_convs_and_four_skips
    judge = Judge()
    found = LastWord(some, judge, 300).of([Polished(start, {1: 0.0}, True)], set())
    assert len(found) == 1
    assert len(judge.asked) > 3, "the convolutions moved, and no single edit moves one"
    assert all(two_convs_and_four_skips(arch)[1] == 0 for arch in judge.asked)


def test_budgets_hold_and_what_exceeds_them_gives_way(pipeline: ArchitecturePipeline) -> None:
    judge = Judge()
    over = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|none~1|none~2|"
    first = [*batch(over, meets=False), *batch(LOW.format("nor_conv_1x1"))]
    found = LastWord(polisher(pipeline, 3.0), judge, 60).of(first, set())
    assert over not in judge.asked
    assert all(one.meets and convs(one.arch) <= 3 for one in found)
    assert len(found) == 2


def test_what_is_taken_is_not_proposed(pipeline: ArchitecturePipeline) -> None:
    free = LastWord(polisher(pipeline), Judge(), 60).of(batch(LOW.format("skip_connect")), set())
    taken = {identity(free[0].arch)}
    other = LastWord(polisher(pipeline), Judge(), 60).of(batch(LOW.format("skip_connect")), taken)
    assert identity(other[0].arch) not in taken
    assert taken == {identity(free[0].arch)}, "the caller's set is left alone"


def test_what_is_there_twice_gives_way(pipeline: ArchitecturePipeline) -> None:
    dead = "|none~0|+|none~0|none~1|+|none~0|none~1|{}~2|"
    first = batch(dead.format("skip_connect"), dead.format("nor_conv_1x1"))
    found = LastWord(polisher(pipeline), Judge(), 4).of(first, set())
    assert len({identity(one.arch) for one in found}) == len(found) == 2


def test_of_several_objectives_the_fronts_come_first_and_their_ends_before_the_middle() -> None:
    values = [(1.0, 1.0), (3.0, 0.0), (0.0, 3.0), (2.0, 2.0), (2.1, 1.9), (0.0, 0.0)]
    order = best_first(values)
    assert set(order[:2]) == {1, 2} and set(order[2:4]) == {3, 4} and order[4:] == [0, 5]
    assert best_first([1.0, 3.0, 2.0, 3.0]) == [1, 3, 2, 0] and best_first([]) == []
