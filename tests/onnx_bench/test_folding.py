"""Folding of repeated parts."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_bench import folding
from onnx_bench.folding import Call, Folded, Hole, Item, Step, fold, repeated, shared_lengths


def items(text: str, weight: int = 4) -> list[Item]:
    """One item per word; digits behind a letter are its value."""
    return [Item(word[0], tuple(word[1:]), weight) for word in text.split()]


def unfold(folded: Folded) -> list[Item]:
    """The sequence that a folded one stands for."""

    def run(steps: Sequence[Step], args: Sequence[object]) -> list[Item]:
        found: list[Item] = []
        for step in steps:
            values = tuple(args[v.number] if isinstance(v, Hole) else v for v in step.values)
            if isinstance(step, Call):
                times = args[step.times.number] if isinstance(step.times, Hole) else step.times
                assert isinstance(times, int)
                found += run(folded.blocks[step.block], values) * times
            else:
                found.append(step._replace(values=values))
        return found

    return run(folded.main, ())


def test_equal_runs_become_one_call() -> None:
    folded = fold(items("s " + "a b c d " * 5 + "e"))
    assert folded.blocks == (tuple(items("a b c d")),)
    assert folded.main == (*items("s"), Call(0, (), 5), *items("e"))


def test_values_that_vary_become_parameters() -> None:
    folded = fold(items("a1 b1 c7 d a2 b2 c7 d x a3 b4 c7 d"))
    (block,) = folded.blocks
    assert [step.values for step in block] == [(Hole(0),), (Hole(1),), ("7",), ()]
    assert folded.main == (Call(0, ("1", "1"), 1), Call(0, ("2", "2"), 1), *items("x"), Call(0, ("3", "4"), 1))


def test_equal_columns_share_a_parameter() -> None:
    (block,) = fold(items("a1 b1 c1 x a2 b2 c2 y a3 b3 c3")).blocks
    assert [step.values for step in block] == [(Hole(0),)] * 3


def test_blocks_nest_and_inner_ones_come_first() -> None:
    stage = "a b c d " * 4 + "e f g h "
    folded = fold(items(("x1 " + stage + "x2 ") * 3))
    assert len(folded.blocks) == 2
    assert Call(0, (), 4) in folded.blocks[1]
    assert folded.main == (Call(1, (), 3),)


def test_what_saves_little_stays() -> None:
    sequence = items("a b x a b y a b z")
    assert fold(sequence) == Folded((), tuple(sequence))


def test_nothing_folds_to_nothing() -> None:
    assert fold([]) == Folded((), ())


WORDS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("123")), max_size=60)


@settings(max_examples=100, deadline=None)
@given(WORDS, WORDS, st.integers(1, 6))
def test_unfolds_to_itself(first: list[tuple[str, str]], second: list[tuple[str, str]], times: int) -> None:
    sequence = [Item(key, (value,), 3) for key, value in (first[:12] * times + second) * 2]
    folded = fold(sequence)
    assert unfold(folded) == sequence
    assert fold(sequence) == folded


def test_long_sequences_are_searched_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MAX_PIECE", 64)
    sequence = items("a1 b2 c3 d4 e5 " * 200)
    folded = fold(sequence)
    assert unfold(folded) == sequence
    assert len(folded.main) < 40


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "MAX_WORK", 10)
    sequence = items("a b c d e " * 5)
    assert fold(sequence) == Folded((), tuple(sequence))


@given(st.lists(st.text("ab", max_size=12), min_size=1, max_size=3))
def test_repeated_finds_every_longest_repeat(words: list[str]) -> None:
    pieces = [word + chr(1000 + i) for i, word in enumerate(words)]
    text = "".join(pieces)
    found = {(text[first : first + length], count, first, last) for length, count, first, last in repeated(pieces)}
    for start in range(len(text)):
        for end in range(start + 3, len(text) + 1):
            part = text[start:end]
            places = [i for i in range(len(text)) if text.startswith(part, i)]
            if len(places) > 1 and len({text[i + len(part)] for i in places}) > 1:
                assert (part, len(places), places[0], places[-1]) in found
    assert all(count > 1 for _, count, _, _ in found)


def test_shared_lengths() -> None:
    text = "banana$"
    order = sorted(range(len(text)), key=lambda i: text[i:])
    assert shared_lengths(text, order) == [0, 1, 3, 0, 0, 2, 0]
