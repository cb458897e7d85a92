"""Repeated parts are found, and what is found is a correct folding."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from onnx_bench.writers.blocks import MAX_PORTS, Block, Chain, Item, Leaf, find_blocks


def leaves(items: Iterable[Item]) -> list[int]:
    found: list[int] = []
    for item in items:
        if isinstance(item, Leaf):
            found.append(item.node)
        else:
            found += leaves(item.body if isinstance(item, Block) else item.blocks)
    return found


def blocks(items: Iterable[Item]) -> list[Block]:
    found: list[Block] = []
    for item in items:
        if isinstance(item, Block):
            found += [item, *blocks(item.body)]
        elif isinstance(item, Chain):
            found += blocks(item.blocks)
    return found


def chain(pattern: str) -> tuple[Item, ...]:
    """A path, each item reading the one before."""
    reads = [[i - 1] if i else [] for i in range(len(pattern))]
    return find_blocks(pattern, reads, [len(pattern) - 1], [1] * len(pattern))


def test_a_run_of_equal_parts_is_a_chain() -> None:
    (stem, cells, head) = chain("s" + "abcd" * 5 + "h")
    assert isinstance(stem, Leaf) and isinstance(head, Leaf) and isinstance(cells, Chain)
    assert [leaves([block]) for block in cells.blocks] == [list(range(1 + 4 * i, 5 + 4 * i)) for i in range(5)]


def test_scattered_parts_are_blocks_of_one_kind() -> None:
    items = chain("x" + "abcdef" + "y" + "abcdef" + "z" + "abcdef")
    assert [type(item) for item in items] == [Leaf, Block, Leaf, Block, Leaf, Block]
    assert len({item.kind for item in items if isinstance(item, Block)}) == 1


def test_short_or_single_parts_are_left_alone() -> None:
    assert all(isinstance(item, Leaf) for item in chain("ababcdef"))


def test_parts_with_two_results_are_no_blocks() -> None:
    """The end reads the third item of each run, which is therefore none of the inside of a block."""
    pattern = "abcde" * 3
    reads = [[i - 1] if i else [] for i in range(15)] + [[2, 7, 12, 14]]
    items = find_blocks([*pattern, "end"], reads, [15], [1] * 16)
    assert all(2 not in leaves([b])[:-1] and 7 not in leaves([b])[:-1] for b in blocks(items))


@st.composite
def sequences(draw: st.DrawFn) -> tuple[list[str], list[list[int]], list[int]]:
    unit = draw(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(1, 5), max_size=3)), max_size=6))
    times = draw(st.integers(1, 6))
    tail = draw(st.lists(st.tuples(st.sampled_from("abc"), st.lists(st.integers(1, 5), max_size=2)), max_size=5))
    keys: list[str] = ["in"]
    reads: list[list[int]] = [[]]
    for key, distances in [*unit * times, *tail]:
        here = len(keys)
        keys.append(key)
        reads.append([max(-1, here - d) for d in distances])
    return keys, reads, [len(keys) - 1]


@given(sequences())
def test_folding_keeps_order_and_blocks_are_functions(case: tuple[list[str], list[list[int]], list[int]]) -> None:
    keys, reads, outputs = case
    items = find_blocks(keys, reads, outputs, [1] * len(keys))
    assert leaves(items) == list(range(len(keys)))
    kinds: dict[int, list[Block]] = {}
    for block in blocks(items):
        kinds.setdefault(block.kind, []).append(block)
        inside = set(leaves([block]))
        outside = [r for i in range(len(keys)) if i not in inside for r in reads[i]] + outputs
        assert inside & set(outside) <= {block.out}
        assert set(block.ports) == {r for i in inside for r in reads[i] if r >= 0} - inside
        assert len(block.ports) <= MAX_PORTS
    for same in kinds.values():
        assert len(same) > 1
        assert len({tuple(keys[i] for i in leaves([block])) for block in same}) == 1
