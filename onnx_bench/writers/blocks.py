"""Find the repeated parts of a network: blocks that become classes of their own, and chains of them.

Works on a sequence of items with keys and the positions they read; the caller decides by the keys what counts as
equal. (The text form folds repeats too, in `onnx_bench.folding`, but needs exact equality and no single output.)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

MAX_LENGTH = 256
"""Longest part, in items."""
MAX_PORTS = 4
"""Most values that a part may read from outside."""
MAX_WORK = 4_000_000
"""Most items that are looked at in all; networks beyond that are written with fewer blocks than could be."""
OVERHEAD = 3
"""Lines that naming a part costs; a part has to save more than that."""


@dataclass(frozen=True)
class Leaf:
    """One item of the sequence."""

    node: int

    @property
    def out(self) -> int:
        """The item whose value the readers see."""
        return self.node


@dataclass(frozen=True)
class Block:
    """One occurrence of a repeated part. Blocks of one `kind` have equal keys and equal inner wiring.

    Attributes:
        kind: Number of the part, counted from 0 in the order in which parts were found.
        body: Its items; only the last one is read from outside.
        ports: Items outside that it reads, in the order of their first use; the order agrees within a kind.
    """

    kind: int
    body: tuple[Item, ...]
    ports: tuple[int, ...]

    @property
    def out(self) -> int:
        """The item whose value the readers see."""
        return self.body[-1].out


@dataclass(frozen=True)
class Chain:
    """Consecutive blocks of one kind: each reads the one before through port `carried`, all else is shared."""

    blocks: tuple[Block, ...]
    carried: int

    @property
    def out(self) -> int:
        """The item whose value the readers see."""
        return self.blocks[-1].out

    @property
    def ports(self) -> tuple[int, ...]:
        """Items outside the chain that it reads."""
        return self.blocks[0].ports


Item = Leaf | Block | Chain


@dataclass(frozen=True)
class _Entry:
    """An item of the sequence while it is being folded."""

    item: Item
    key: Hashable
    reads: tuple[int, ...]
    size: int


def find_blocks(
    keys: Sequence[Hashable], reads: Sequence[Sequence[int]], outputs: Sequence[int], sizes: Sequence[int]
) -> tuple[Item, ...]:
    """Fold a sequence of operators into leaves, repeated blocks and chains of blocks.

    Greedy: the part that saves most is folded first, until none saves more than `OVERHEAD`. Blocks read at most
    `MAX_PORTS` values and give one, so that each is a function `value = block(values)`.

    Args:
        keys: What must agree for two items to be the same, beside how they are wired.
        reads: For each item, positions of the items it reads, all smaller than its own; -1 for an omitted one.
        outputs: Positions whose values are needed in the end.
        sizes: Lines that each item takes when it is written out.

    Returns:
        The items in the original order.
    """
    entries = [_Entry(Leaf(i), keys[i], tuple(reads[i]), sizes[i]) for i in range(len(keys))]
    kind, work = 0, 0
    while work < MAX_WORK:
        place = {entry.item.out: i for i, entry in enumerate(entries)}
        wires = [[place[r] if r >= 0 else -1 for r in entry.reads] for entry in entries]
        best, looked_at = _best_part(entries, wires, _last_uses(wires, [place[o] for o in outputs]), MAX_WORK - work)
        if best is None:
            break
        entries = _merge_chains(_fold(entries, best, kind), outputs)
        kind, work = kind + 1, work + looked_at
    return tuple(entry.item for entry in entries)


def _last_uses(wires: Sequence[Sequence[int]], outputs: Iterable[int]) -> list[int]:
    last = [0] * len(wires)
    for i, sources in enumerate(wires):
        for source in sources:
            if source >= 0:
                last[source] = i
    for output in outputs:
        last[output] = len(wires)
    return last


def _best_part(
    entries: Sequence[_Entry], wires: Sequence[Sequence[int]], last_use: Sequence[int], max_work: int
) -> tuple[tuple[list[int], int] | None, int]:
    """Starts and length of the part whose folding saves most, and how many items were looked at.

    Grows all parts together, one item at a time, and keeps only starts whose part so far occurs elsewhere too.
    """
    count = len(entries)
    numbers: dict[Hashable, int] = {}
    keys = [numbers.setdefault(entry.key, len(numbers)) for entry in entries]
    groups: list[list[int]] = [list(range(count))]
    ports: list[dict[int, int]] = [{} for _ in range(count)]
    reach = [-1] * count  # last reader of any item of the part but its last one
    weight = [0] * count
    best: tuple[list[int], int] | None = None
    best_gain, work = 0, 0
    for length in range(1, min(MAX_LENGTH, count // 2) + 1):
        work += sum(map(len, groups))
        if work > max_work:
            break
        grown: dict[Hashable, list[int]] = {}
        for number, group in enumerate(groups):
            for start in group:
                i = start + length - 1
                if i >= count:
                    continue
                if length > 1:
                    reach[start] = max(reach[start], last_use[i - 1])
                known = ports[start]
                # Items inside the part count from its start as -2, -3, ..., values from outside are numbered.
                wiring = tuple(
                    w if w < 0 else start - w - 2 if w >= start else known.setdefault(w, len(known)) for w in wires[i]
                )
                if len(known) <= MAX_PORTS:
                    weight[start] += entries[i].size
                    grown.setdefault((number, keys[i], wiring), []).append(start)
        groups = [group for group in grown.values() if len(group) > 1]
        if not groups:
            break
        for group in groups:
            cost = weight[group[0]], len(ports[group[0]])
            if _gain(len(group), *cost) < max(1, best_gain):
                continue
            starts = _disjoint([s for s in group if reach[s] < s + length], length)
            gain = _gain(len(starts), *cost)
            if gain >= max(1, best_gain):  # of equal gains the longer part: it takes an activation in
                best, best_gain = (starts, length), gain
    return best, work


def _gain(count: int, weight: int, ports: int) -> int:
    """Lines saved when `count` parts of `weight` lines become one class and `count` calls; each operand counts too."""
    return (count - 1) * weight - count * max(1, ports) - OVERHEAD


def _disjoint(starts: Iterable[int], length: int) -> list[int]:
    chosen: list[int] = []
    for start in starts:
        if not chosen or start >= chosen[-1] + length:
            chosen.append(start)
    return chosen


def _fold(entries: Sequence[_Entry], part: tuple[list[int], int], kind: int) -> list[_Entry]:
    starts, length = part
    folded: list[_Entry] = []
    i = 0
    for start in starts:
        folded += entries[i:start]
        i = start + length
        body = entries[start:i]
        inner = {entry.item.out for entry in body}
        ports = tuple(dict.fromkeys(r for entry in body for r in entry.reads if r >= 0 and r not in inner))
        folded.append(_Entry(Block(kind, tuple(e.item for e in body), ports), ("block", kind), ports, 1))
    return folded + list(entries[i:])


def _merge_chains(entries: Sequence[_Entry], outputs: Sequence[int]) -> list[_Entry]:
    """Join adjacent blocks of one kind where each one's value is read by the next alone, and through one port."""
    readers: dict[int, int] = dict.fromkeys(outputs, 1)
    for entry in entries:
        for source in set(entry.reads):
            readers[source] = readers.get(source, 0) + 1
    merged: list[_Entry] = []
    run: list[Block] = []
    carried = 0
    for entry in entries:
        if run:
            port = _carrying_port(run, carried, entry.item, readers)
            if port is None:
                merged.append(_closed(run, carried))
                run = []
            else:
                carried = port
        if isinstance(entry.item, Block):
            run.append(entry.item)
        else:
            merged.append(entry)
    return [*merged, _closed(run, carried)] if run else merged


def _carrying_port(run: Sequence[Block], carried: int, item: Item, readers: dict[int, int]) -> int | None:
    """The port through which `item` continues the chain `run`, or `None` if it does not."""
    last = run[-1]
    if not isinstance(item, Block) or item.kind != last.kind or last.out not in item.ports or readers[last.out] != 1:
        return None
    port = item.ports.index(last.out)
    shared = all(a == b for q, (a, b) in enumerate(zip(last.ports, item.ports, strict=True)) if q != port)
    return port if shared and (len(run) == 1 or port == carried) else None


def _closed(run: Sequence[Block], carried: int) -> _Entry:
    if len(run) == 1:
        return _Entry(run[0], ("block", run[0].kind), run[0].ports, 1)
    chain = Chain(tuple(run), carried)
    return _Entry(chain, ("chain", run[0].kind, len(run), carried), chain.ports, 1)
