"""What a build is made of: parts in a fixed order, each cut into chunks that are encoded independently."""

from __future__ import annotations

import hashlib
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from archlm.bench.schema import CODE
from onnx_bench import records, spaces
from onnx_bench.errors import UserInputError

CHUNK = 1000
"""Architectures in a chunk: a few seconds of work, and a megabyte of file."""


class Draw(NamedTuple):
    """Architectures that are drawn where they are encoded."""

    seed: str
    number: int

    def archs(self, space: str) -> list[str]:
        """The architecture strings; equal seeds give equal ones."""
        rng, drawn_from = random.Random(self.seed), spaces.get(space)
        return [drawn_from.sample(rng) for _ in range(self.number)]


@dataclass(frozen=True)
class Job:
    """One chunk to encode.

    Attributes:
        space: Search space of all its architectures.
        source: Name of the source of records; empty for architectures without.
        work: The entries themselves, or how to draw them.
    """

    space: str
    source: str
    work: tuple[records.Entry, ...] | Draw

    @property
    def number(self) -> int:
        """How many architectures, duplicates included."""
        return self.work.number if isinstance(self.work, Draw) else len(self.work)


class Part(ABC):
    """Architectures of one origin."""

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]:
        """All that decides the rows, as plain data that any machine gives alike."""

    @property
    @abstractmethod
    def total(self) -> int | None:
        """Number of architectures, duplicates included; `None` where the source must be read to know."""

    @abstractmethod
    def jobs(self) -> Iterator[Job]:
        """The chunks, in order."""

    @property
    def label(self) -> str:
        """Name of the folder of the part's chunks: equal where the rows are."""
        body = json.dumps([self.description, CHUNK, CODE], sort_keys=True).encode()
        first = "-".join(str(value) for value in self.description.values())[:40]
        return f"{first}-{hashlib.sha256(body).hexdigest()[:12]}"


@dataclass(frozen=True)
class RecordsPart(Part):
    """Every entry of one file of measured records."""

    source: records.Source
    path: Path

    @cached_property
    def description(self) -> dict[str, Any]:
        return {"source": self.source.name, "sha256": _digest(self.source.inputs(self.path))}

    @property
    def total(self) -> None:
        return None

    def jobs(self) -> Iterator[Job]:
        for entries in _batches(self.source.read(self.path)):
            yield Job(self.source.space, self.source.name, entries)


@dataclass(frozen=True)
class ListPart(Part):
    """Every architecture of a space that can be listed."""

    space: str

    @property
    def description(self) -> dict[str, Any]:
        return {"all": self.space}

    @property
    def total(self) -> int | None:
        return spaces.get(self.space).size()

    def jobs(self) -> Iterator[Job]:
        for archs in _batches(spaces.get(self.space).architectures()):
            yield Job(self.space, "", tuple(records.Entry(arch, ()) for arch in archs))


@dataclass(frozen=True)
class SamplePart(Part):
    """Architectures drawn at random from a space."""

    space: str
    number: int
    seed: int

    @property
    def description(self) -> dict[str, Any]:
        return {"sample": self.space, "number": self.number, "seed": self.seed}

    @property
    def total(self) -> int:
        return self.number

    def jobs(self) -> Iterator[Job]:
        for start in range(0, self.number, CHUNK):
            draw = Draw(f"{self.seed}/{self.space}/{start}", min(CHUNK, self.number - start))
            yield Job(self.space, "", draw)


def make_plan(
    folder: Path | None, sources: Iterable[str] = (), listed: Iterable[str] = (),
    samples: Iterable[tuple[str, int]] = (), seed: int = 0,
) -> list[Part]:  # fmt: skip
    """The parts of a build, records first.

    Args:
        folder: Where the user keeps records; `None` for a build without.
        sources: Names of the sources to use; all that `folder` holds if there are none.
        listed: Spaces to take whole.
        samples: Spaces to draw from, and how many architectures.
        seed: Of the samples.

    Raises:
        UserInputError: A source is not in the folder, a name is unknown, a space cannot be listed, or nothing is asked
            for.
    """
    parts: list[Part] = []
    wanted = {name: records.get_source(name) for name in sources}
    if folder is not None:
        found = records.find_sources(folder)
        if not found:
            known = ", ".join(source.name for source in records.list_sources())
            raise UserInputError(f"{folder} holds no records that are known; readable are those of {known}")
        for name, source in wanted.items():
            if name not in {there.name for there, _ in found}:
                raise source.missing(folder)
        parts += [RecordsPart(source, path) for source, path in found if not wanted or source.name in wanted]
    elif wanted:
        raise UserInputError(f"no folder with the records of {', '.join(wanted)} was named")
    for space in listed:
        spaces.get(space).architectures()  # raises where there are too many
        parts.append(ListPart(space))
    for space, number in samples:
        spaces.get(space)
        if number < 1:
            raise UserInputError(f"a sample of {number} architectures of {space}: expected at least 1")
        parts.append(SamplePart(space, number, seed))
    if not parts:
        raise UserInputError("nothing to build: name a folder with records, spaces to take whole, or samples to draw")
    return parts


def _batches(items: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    pending = iter(items)
    while batch := tuple(islice(pending, CHUNK)):
        yield batch


def _digest(inputs: Iterable[Path]) -> str:
    """SHA-256 of files, and of the names and contents of all files in folders."""
    whole = hashlib.sha256()
    for path in inputs:
        for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
            whole.update(f"{file.relative_to(path.parent).as_posix()}\0".encode())
            with file.open("rb") as opened:
                whole.update(hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()
