"""Learn the vocabulary of `encoders.text_tokenizer`: which pieces of a statement are joined, and in which order.

Byte-pair merges learnt on characters would cut numbers at any place (`Conv 16|8`). Here they are learnt in two rounds:

1. Frequent words and numbers are spelled: merges that join their letters or digits until one piece is left. These come
   first, so before anything else is joined a statement is a row of whole words and numbers.
2. The usual training over such rows joins them into phrases and whole statements, `  Conv $1 k3` for example.

A number that is not frequent is no part of any merge; the tokenizer spells it digit by digit.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

ALPHABET = ("\n", *[chr(code) for code in range(32, 127)])
"""Every character of the text form: printable ASCII and the end of a line."""

_UNIT = re.compile(r"[A-Za-z_]+|\d+|.", re.DOTALL)
_PRIVATE = 0xF0000  # the first of 65,534 code points that no text uses

Pair = tuple[str, str]


class Merges(NamedTuple):
    """What a vocabulary consists of.

    Attributes:
        tokens: All pieces, the single characters first, without repetition.
        pairs: Pieces that are joined, the most urgent pair first.
        numbers: Digits that are one piece, at least two of them each.
    """

    tokens: tuple[str, ...]
    pairs: tuple[Pair, ...]
    numbers: tuple[str, ...]


def learn(texts: Iterable[str], size: int) -> Merges:
    """A vocabulary of at most `size` pieces for `texts`; an eighth of it are numbers, an eighth are words."""
    lines = Counter(line for text in texts for line in text.splitlines(keepends=True))
    units: Counter[str] = Counter()
    for line, times in lines.items():
        for unit in _UNIT.findall(line):
            units[unit] += times
    numbers = _frequent(units, str.isdigit, size // 8)
    words = _frequent(units, str.isalpha, size // 8)
    pairs = _spelling([*numbers, *words])
    tokens = dict.fromkeys([*ALPHABET, *[a + b for a, b in pairs]])
    for pair in _phrases(lines, pairs, frozenset(numbers), size - len(tokens)):
        pairs.setdefault(pair, len(pairs))
        tokens.setdefault("".join(pair))
    return Merges(tuple(tokens), tuple(pairs), tuple(sorted(numbers)))


def _frequent(units: Counter[str], kind: Callable[[str], bool], most: int) -> list[str]:
    wanted = [(-times, unit) for unit, times in units.items() if len(unit) > 1 and times > 1 and kind(unit)]
    return [unit for _, unit in sorted(wanted)[:most]]


def _spelling(units: Sequence[str]) -> dict[Pair, int]:
    """Pairs, with their rank, that join the characters of each unit into one piece.

    A pair added for a longer unit ranks below those of the shorter ones, so it cannot undo their spelling.
    """
    ranks: dict[Pair, int] = {}
    for unit in sorted(units, key=lambda u: (len(u), u)):
        pieces = _joined(list(unit), ranks)
        while len(pieces) > 1:
            ranks[pieces[0], pieces[1]] = len(ranks)
            pieces = _joined(pieces, ranks)
    return ranks


def _joined(pieces: list[str], ranks: dict[Pair, int]) -> list[str]:
    """Byte-pair encoding: join the most urgent pair, everywhere, until there is none."""
    while True:
        known = [pair for pair in pairwise(pieces) if pair in ranks]
        if not known:
            return pieces
        first = min(known, key=ranks.__getitem__)
        found: list[str] = []
        for piece in pieces:
            if found and (found[-1], piece) == first:
                found[-1] += piece
            else:
                found.append(piece)
        pieces = found


def _phrases(lines: Counter[str], spelling: dict[Pair, int], numbers: frozenset[str], most: int) -> list[Pair]:
    """At most `most` pairs that join words and numbers inside a line, the most urgent first."""
    if most <= 0:
        return []
    letters: dict[str, str] = {}  # piece -> the one character that stands for it while the trainer runs

    def in_letters(line: str) -> str:
        written = []
        for unit in _UNIT.findall(line):
            if len(unit) > 1 and unit.isdigit() and unit not in numbers:
                written.append("\n")  # a rare number: nothing is joined across it
                continue
            for piece in _joined(list(unit), spelling):
                written.append(letters.setdefault(piece, chr(_PRIVATE + len(letters))))
        return "".join(written)

    written = {line: in_letters(line) for line in lines}
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split("\n", "removed")
    trainer = trainers.BpeTrainer(vocab_size=len(letters) + most, min_frequency=2, show_progress=False)
    tokenizer.train_from_iterator(("\n".join([written[line]] * times) for line, times in lines.items()), trainer)
    pieces = {letter: piece for piece, letter in letters.items()}
    learnt = _trained_pairs(tokenizer)
    return [("".join([pieces[c] for c in a]), "".join([pieces[c] for c in b])) for a, b in learnt]


def _trained_pairs(tokenizer: Tokenizer) -> list[Pair]:
    return [(a, b) for a, b in json.loads(tokenizer.to_str())["model"]["merges"]]
