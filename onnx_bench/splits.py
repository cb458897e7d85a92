"""Splits of architectures that do not leak: whoever shares a fingerprint is on one side.

Where an architecture goes depends on its fingerprint and the seed alone, not on the other rows or their order. So a
split stays what it is when rows are added, and two data sets that hold an architecture agree about it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b

from onnx_bench.errors import UserInputError

TRAIN, VALIDATION, TEST = "train", "validation", "test"
STANDARD = {TRAIN: 0.8, VALIDATION: 0.1, TEST: 0.1}


def position(fingerprint: str, seed: int) -> float:
    """A number in [0, 1) that stands for chance: uniform over fingerprints, another for every seed."""
    digest = blake2b(f"{seed}:{fingerprint}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def random_split(
    fingerprints: Sequence[str], shares: Mapping[str, float] = STANDARD, *, seed: int = 0
) -> list[str]:  # fmt: skip
    """The part of each row, drawn at random by fingerprint.

    Args:
        fingerprints: One for each row; equal ones come into the same part.
        shares: Names of the parts and what share of the distinct architectures each gets; they sum to 1.
        seed: Another seed, another split.

    Raises:
        UserInputError: The shares are negative or do not sum to 1.
    """
    if min(shares.values(), default=-1.0) < 0 or abs(sum(shares.values()) - 1) > 1e-9:
        raise UserInputError(f"shares {dict(shares)} of a split: expected numbers from 0 that sum to 1")

    def part(fingerprint: str) -> str:
        left = position(fingerprint, seed)
        for name, share in shares.items():
            left -= share
            if left < 0:
                return name
        return list(shares)[-1]  # rounding

    known = {fingerprint: part(fingerprint) for fingerprint in set(fingerprints)}
    return [known[fingerprint] for fingerprint in fingerprints]


def few_shot(fingerprints: Sequence[str], number: int, *, seed: int = 0) -> list[str]:
    """`number` distinct architectures to train on, all others to test on. Larger numbers contain smaller ones.

    Raises:
        UserInputError: There are not more than `number` distinct architectures.
    """
    distinct = set(fingerprints)
    if not 0 < number < len(distinct):
        raise UserInputError(f"{number} training architectures out of {len(distinct)} distinct ones leave no test set")
    chosen = set(sorted(distinct, key=lambda f: (position(f, seed), f))[:number])
    return [TRAIN if fingerprint in chosen else TEST for fingerprint in fingerprints]


def leave_one_space_out(fingerprints: Sequence[str], spaces: Sequence[str], held_out: str) -> list[str | None]:
    """All rows of the space `held_out` to test on, the other spaces to train on.

    A row of another space with the fingerprint of one that is held out has no part (`None`).

    Raises:
        UserInputError: No row is of that space.
    """
    test = {f for f, space in zip(fingerprints, spaces, strict=True) if space == held_out}
    if not test:
        raise UserInputError(
            f"no architecture is of the space {held_out!r}; found {', '.join(sorted(set(spaces)))}"
        )
    return [
        TEST if space == held_out else None if f in test else TRAIN
        for f, space in zip(fingerprints, spaces, strict=True)
    ]


def published(
    fingerprints: Sequence[str], names: Sequence[str], lists: Mapping[str, Collection[str]]
) -> list[str | None]:  # fmt: skip
    """The parts that somebody's lists of names prescribe; rows that no list names have none.

    A later part loses an architecture that an earlier one holds under another name, so that nothing leaks: give the
    test list first to keep it whole.

    Args:
        fingerprints: One for each row.
        names: What the lists call each row, such as a hash.
        lists: Names of the rows of each part.
    """
    owner: dict[str, str] = {}
    for listed, members in lists.items():
        for fingerprint, name in zip(fingerprints, names, strict=True):
            if name in members:
                owner.setdefault(fingerprint, listed)

    def part(fingerprint: str, name: str) -> str | None:
        found = owner.get(fingerprint)
        return found if found is not None and name in lists[found] else None

    return [part(fingerprint, name) for fingerprint, name in zip(fingerprints, names, strict=True)]


def leaks(fingerprints: Sequence[str], parts: Iterable[str | None]) -> list[str]:
    """Fingerprints that stand in more than one part; empty for every split of this module."""
    seen: dict[str, set[str]] = {}
    for fingerprint, part in zip(fingerprints, parts, strict=True):
        if part is not None:
            seen.setdefault(fingerprint, set()).add(part)
    return sorted(fingerprint for fingerprint, where in seen.items() if len(where) > 1)
