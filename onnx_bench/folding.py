"""`fold`: find the repeated parts of a sequence and write each of them once, as a block with parameters.

Items match where their keys are equal; values that differ between occurrences become parameters of the block. So the
cells of a network that agree up to their width are one block with one parameter. The method is greedy: of all
repeated stretches, take the one that saves most, put calls in its place, and start again; blocks may hold calls.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple

MIN_LENGTH = 3
"""Items in a block; shorter ones save little and hide what the network does."""
MIN_SAVING = 12
"""Weight a block must save."""
OVERHEAD = 3
"""Weight of a block's name and braces."""
MAX_PIECE = 1024
"""Items that are searched together; longer sequences are searched in pieces, which bounds memory."""
MAX_WORK = 2_000_000
"""Bound on time: ten for each item in a search for repeats, one for each item of a candidate's occurrences. The
largest networks of timm take a tenth; only very long irregular sequences meet it, and are folded less."""

Value = Hashable
Values = tuple[Value, ...]


class Item(NamedTuple):
    """One step of the sequence.

    Attributes:
        key: What must agree for two items to match.
        values: What may differ between matching items. Equal keys have equally many values.
        weight: What it costs to write the item.
    """

    key: Hashable
    values: Values
    weight: int


class Hole(NamedTuple):
    """Stands in the body of a block for its parameter number `number`, counted from 0."""

    number: int

    def __str__(self) -> str:
        return f"${self.number + 1}"


class Call(NamedTuple):
    """Block number `block`, applied to `values`, `times` in a row."""

    block: int
    values: Values
    times: Value


Step = Item | Call


@dataclass(frozen=True, slots=True)
class Folded:
    """The folded sequence: blocks refer only to blocks before them, `main` to any."""

    blocks: tuple[tuple[Step, ...], ...]
    main: tuple[Step, ...]


def fold(items: Sequence[Item]) -> Folded:
    """Fold the repeats of `items`. Equal inputs give equal results."""
    folder = _Folder(items)
    while folder.step():
        pass
    return folder.result()


class _Word(NamedTuple):
    """A step as the search sees it: `char` stands for what must match. Without a step: the end of a piece."""

    char: str
    values: Values
    weight: int
    step: Step | None


class _Stretch(NamedTuple):
    """Occurrences of one stretch of words, and what putting calls in their place saves."""

    saving: int
    starts: tuple[int, ...]
    length: int


class _Folder:
    """The state of the search: `parts[0]` is the sequence, the others are the bodies of the blocks found so far.

    The parts are searched behind one another, each with a separator that matches nothing. Steps are numbered by their
    keys, and numbers are characters, so that Python's string search does the matching.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.chars: dict[Hashable, str] = {}
        self.parts: list[list[_Word]] = [[_Word(self.char(i.key), i.values, i.weight, i) for i in items]]
        self.work = 0
        self.words: list[_Word] = []
        self.pieces: list[str] = []
        self.owners: list[int] = []
        self.text = ""
        self.values: list[Value] = []
        self.offsets: list[int] = []
        self.sums: list[int] = []

    def char(self, key: Hashable) -> str:
        return self.chars.setdefault(key, chr(len(self.chars) + 1))

    def call(self, block: int, values: Values, count: Value) -> _Word:
        if count == 1:
            return _Word(self.char((Call, block)), values, 1 + len(values), Call(block, values, 1))
        char = self.char((Call, block, "repeated"))
        return _Word(char, (*values, count), 3 + len(values), Call(block, values, count))

    def with_values(self, word: _Word, values: Values) -> _Word:
        step = word.step
        assert step is not None, "a stretch never crosses a separator"
        if isinstance(step, Item):
            return word._replace(values=values, step=step._replace(values=values))
        return self.call(step.block, values, 1) if step.times == 1 else self.call(step.block, values[:-1], values[-1])

    def step(self) -> bool:
        """Fold the stretch that saves most. Returns whether there was one."""
        self.flatten()
        self.work += 10 * len(self.text)
        best = self.best() if self.work <= MAX_WORK else None
        if best is not None:
            self.replace(best)
        return best is not None

    def flatten(self) -> None:
        """All parts behind one another, long ones in pieces."""
        self.words, self.pieces, self.owners = [], [], []
        for number, part in enumerate(self.parts):
            for start in range(0, len(part), MAX_PIECE):
                end = _Word(self.char((None, len(self.pieces))), (), 0, None)
                piece = [*part[start : start + MAX_PIECE], end]
                self.words += piece
                self.pieces.append("".join([word.char for word in piece]))
                self.owners.append(number)
        self.text = "".join(self.pieces)
        self.values = list(chain.from_iterable([word.values for word in self.words]))
        self.offsets = list(accumulate([len(word.values) for word in self.words], initial=0))
        self.sums = list(accumulate([word.weight for word in self.words], initial=0))

    def best(self) -> _Stretch | None:
        """The stretch with the greatest saving; of equals the longest."""
        text, sums = self.text, self.sums
        bounds = []
        for length, count, start, last in repeated(self.pieces):
            count = min(count, 1 + (last - start) // length)  # more cannot lie side by side
            bounds.append(((sums[start + length] - sums[start]) * (count - 1), length, start))
        bounds.sort(reverse=True)
        best: _Stretch | None = None
        least = MIN_SAVING
        for bound, length, start in bounds:
            if bound - OVERHEAD < least or self.work > MAX_WORK:
                break
            for size in {length, self.period(start, length)}:
                weight = sums[start + size] - sums[start]
                if weight * (text.count(text[start : start + size]) - 1) - OVERHEAD >= least:
                    found = self.evaluate(start, size)
                    if found.saving >= least:
                        best, least = found, found.saving + 1
        return best

    def period(self, start: int, length: int) -> int:
        """Distance to the next occurrence where that overlaps this one, else `length`."""
        distance = self.text.find(self.text[start : start + length], start + 1) - start
        return distance if MIN_LENGTH <= distance < length else length

    def evaluate(self, start: int, length: int) -> _Stretch:
        """All occurrences of a stretch, from left to right without overlap."""
        text = self.text[start : start + length]
        starts: list[int] = []
        at = self.text.find(text)
        while at >= 0:
            starts.append(at)
            at = self.text.find(text, at + length)
        self.work += length * len(starts)
        calls = self.calls(starts, length, self.columns(starts, length))
        cost = sum([1 + len(values) + (2 if count > 1 else 0) for _, values, count in calls])
        weight = self.sums[start + length] - self.sums[start]
        return _Stretch(weight * (len(starts) - 1) - OVERHEAD - cost, tuple(starts), length)

    def rows(self, starts: Iterable[int], length: int) -> list[list[Value]]:
        """The values of each occurrence."""
        return [self.values[self.offsets[start] : self.offsets[start + length]] for start in starts]

    def columns(self, starts: Iterable[int], length: int) -> list[Values]:
        """The distinct value columns that become parameters: those that vary, and those that hold an outer one."""
        columns = dict.fromkeys(zip(*self.rows(starts, length), strict=True))
        return [c for c in columns if isinstance(c[0], Hole) or c.count(c[0]) < len(c)]

    def calls(
        self, starts: Sequence[int], length: int, columns: Sequence[Values]
    ) -> Iterator[tuple[int, Values, int]]:
        """Start, arguments and count of each run of adjacent occurrences with equal arguments."""
        arguments = list(zip(*columns, strict=True)) if columns else [()] * len(starts)
        first = 0
        for row in range(1, len(starts) + 1):
            together = row < len(starts) and starts[row] == starts[row - 1] + length
            if not together or arguments[row] != arguments[first]:
                yield starts[first], arguments[first], row - first
                first = row

    def replace(self, found: _Stretch) -> None:
        """Put calls in place of the occurrences and add their common body to the parts."""
        starts, length = found.starts, found.length
        columns = self.columns(starts, length)
        holes: dict[Values, Hole] = {column: Hole(i) for i, column in enumerate(columns)}
        filled = iter([holes.get(column, column[0]) for column in zip(*self.rows(starts, length), strict=True)])
        body = [
            self.with_values(word, tuple([next(filled) for _ in word.values]))
            for word in self.words[starts[0] : starts[0] + length]
        ]
        words: list[_Word] = []
        at = 0
        for start, values, count in self.calls(starts, length, columns):
            words += self.words[at:start]
            words.append(self.call(len(self.parts), values, count))
            at = start + count * length
        words += self.words[at:]
        parts: list[list[_Word]] = [[] for _ in self.parts]
        owners = iter(self.owners)
        piece: list[_Word] = []
        for word in words:
            if word.step is None:
                parts[next(owners)] += piece
                piece = []
            else:
                piece.append(word)
        self.parts = [*parts, body]

    def result(self) -> Folded:
        """Blocks in the order in which they are needed, renumbered."""
        order: dict[int, int] = {}
        blocks: list[tuple[Step, ...]] = []

        def settle(part: Sequence[_Word]) -> tuple[Step, ...]:
            done: list[Step] = []
            for _, _, _, step in part:
                assert step is not None, "separators stand between parts"
                if isinstance(step, Call):
                    if step.block not in order:
                        body = settle(self.parts[step.block])
                        order[step.block] = len(blocks)
                        blocks.append(body)
                    step = step._replace(block=order[step.block])
                done.append(step)
            return tuple(done)

        main = settle(self.parts[0])
        return Folded(tuple(blocks), main)


def repeated(pieces: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Every repeated substring that cannot be made longer to the right: length, how often, first and last position.

    Positions count through all pieces; each piece ends with a character of its own, so no substring spans two of them.
    Substrings shorter than `MIN_LENGTH` are left out.
    """
    text = "".join(pieces)
    starts = accumulate([len(piece) for piece in pieces], initial=0)
    suffixes = [(piece[i:], start + i) for piece, start in zip(pieces, starts, strict=False) for i in range(len(piece))]
    suffixes.sort()
    order = [start for _, start in suffixes]
    # Open substrings, the longest last: length, index in `order` of the first suffix that begins so, and the first and
    # last position among those suffixes so far.
    stack: list[list[int]] = [[0, 0, 0, 0]]
    for index, length in enumerate(shared_lengths(text, order)):
        begin, first, last = index, order[index], order[index]
        while stack[-1][0] > length:
            closed, begin, low, high = stack.pop()
            first, last = min(first, low), max(last, high)
            yield closed, index + 1 - begin, first, last
        top = stack[-1]
        if length < MIN_LENGTH:
            continue
        if top[0] < length:
            stack.append([length, begin, first, last])
        else:
            top[2], top[3] = min(top[2], first), max(top[3], last)


def shared_lengths(text: str, order: Sequence[int]) -> list[int]:
    """How far each suffix in `order` agrees with the next one; 0 for the last (Kasai et al., CPM 2001)."""
    rank = [0] * len(order)
    for index, start in enumerate(order):
        rank[start] = index
    lengths = [0] * len(order)
    length = 0
    for start, index in enumerate(rank):
        if index + 1 == len(order):
            length = 0
            continue
        other = order[index + 1]
        while text[start + length] == text[other + length]:
            length += 1
        lengths[index] = length
        if length:
            length -= 1
    return lengths
