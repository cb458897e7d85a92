"""What a build is made of: parts in a fixed order, each cut into chunks that are encoded independently."""

from __future__ import annotations

import hashlib
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from archlm.bench.schema import CODE
from onnx_bench import records, spaces
from onnx_bench.errors import MalformedRecordsError, MissingRecordsError, UserInputError
from onnx_bench.spaces.zoo import ZooSpace

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
        built_with: See `Part.built_with`.
    """

    space: str
    source: str
    work: tuple[records.Entry, ...] | Draw
    built_with: Mapping[str, str]

    @property
    def number(self) -> int:
        """How many architectures, duplicates included."""
        return self.work.number if isinstance(self.work, Draw) else len(self.work)


class Part(ABC):
    """Architectures of one origin."""

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]:
        """All that is asked for, as plain data that any machine gives alike."""

    @cached_property
    def built_with(self) -> dict[str, str]:
        """Versions of other people's packages that build the networks, or their absence; empty where none does."""
        return {}

    @property
    def identity(self) -> dict[str, Any]:
        """All that decides the rows."""
        return self.description | ({"built_with": self.built_with} if self.built_with else {})

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
        body = json.dumps([self.identity, CHUNK, CODE], sort_keys=True).encode()
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

    @cached_property
    def built_with(self) -> dict[str, str]:
        return {} if self.source.stores_graphs else package_versions(self.source.space)

    @property
    def total(self) -> None:
        return None

    def jobs(self) -> Iterator[Job]:
        for entries in _batches(self.source.read(self.path)):
            yield Job(self.source.space, self.source.name, entries, self.built_with)


@dataclass(frozen=True)
class RefusedPart(Part):
    """Records that are there and are not read. It has no rows: what can be built is built, and this is reported.

    Attributes:
        source: Their source.
        files: Where they lie in the folder of records.
    """

    source: records.Source
    files: tuple[Path, ...]

    @property
    def description(self) -> dict[str, Any]:
        return {"source": self.source.name, "refused": str(self.error)}

    @property
    def error(self) -> MalformedRecordsError:
        """Why they are not read, and what to do."""
        assert self.source.refusal is not None, "such a source has a `RecordsPart`"
        return self.source.refusal.error(self.files)

    @property
    def total(self) -> int:
        return 0

    def jobs(self) -> Iterator[Job]:
        return iter(())


@dataclass(frozen=True)
class ListPart(Part):
    """Every architecture of a space that can be listed."""

    space: str

    @cached_property
    def built_with(self) -> dict[str, str]:
        return package_versions(self.space)

    @property
    def description(self) -> dict[str, Any]:
        return {"all": self.space}

    @property
    def total(self) -> int | None:
        return spaces.get(self.space).size()

    def jobs(self) -> Iterator[Job]:
        for archs in _batches(spaces.get(self.space).architectures()):
            yield Job(self.space, "", tuple(records.Entry(arch, ()) for arch in archs), self.built_with)


@dataclass(frozen=True)
class SamplePart(Part):
    """Architectures drawn at random from a space."""

    space: str
    number: int
    seed: int

    @cached_property
    def built_with(self) -> dict[str, str]:
        return package_versions(self.space)

    @property
    def description(self) -> dict[str, Any]:
        return {"sample": self.space, "number": self.number, "seed": self.seed}

    @property
    def total(self) -> int:
        return self.number

    def jobs(self) -> Iterator[Job]:
        for start in range(0, self.number, CHUNK):
            draw = Draw(f"{self.seed}/{self.space}/{start}", min(CHUNK, self.number - start))
            yield Job(self.space, "", draw, self.built_with)


def make_plan(
    folder: Path | None, sources: Iterable[str] = (), listed: Iterable[str] = (),
    samples: Iterable[tuple[str, int]] = (), seed: int = 0,
) -> list[Part]:  # fmt: skip
    """The parts of a build, records first. Records that are found and refused become a `RefusedPart`.

    Args:
        folder: Where the user keeps records; `None` for a build without.
        sources: Names of the sources to use; all that `folder` holds if there are none.
        listed: Spaces to take whole.
        samples: Spaces to draw from, and how many architectures.
        seed: Of the samples.

    Raises:
        UserInputError: A name is unknown, a space cannot be listed, or nothing is asked for.
        MissingRecordsError: The folder holds no records, or not those of a source in `sources`.
        MalformedRecordsError: A source in `sources` is refused, or there is nothing else to build.
    """
    parts: list[Part] = []
    wanted = {name: records.get_source(name) for name in sources}
    if folder is not None:
        parts += _records_in(folder, wanted)
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
    refused = [part for part in parts if isinstance(part, RefusedPart)]
    if len(refused) == len(parts):
        raise refused_error("nothing to build but records that are refused", refused)
    return parts


def refused_error(said: str, refused: Iterable[RefusedPart]) -> MalformedRecordsError:
    """The error for refused records: what is `said` first, then name, reason and advice for each source."""
    reasons = "; ".join(f"{part.source.name}: {part.error}" for part in refused)
    return MalformedRecordsError(f"{said}: {reasons}")


def package_versions(space: str) -> dict[str, str]:
    """Versions of other people's packages that build the networks of `space`; empty where none does."""
    drawn_from = spaces.get(space)
    return drawn_from.versions() if isinstance(drawn_from, ZooSpace) else {}


def _records_in(folder: Path, wanted: Mapping[str, records.Source]) -> Iterator[Part]:
    """A part for every file that is read and every source that is not; of the sources that are wanted, if any are."""
    files: dict[str, list[Path]] = {}
    for source, path in records.find_sources(folder):
        files.setdefault(source.name, []).append(path)
    if not files:
        known = ", ".join(source.name for source in records.list_sources() if source.refusal is None)
        raise MissingRecordsError(f"{folder} holds no records that are known; readable are those of {known}")
    for name, source in wanted.items():
        if name not in files:
            raise source.missing(folder)
        if source.refusal is not None:
            raise source.refusal.error(files[name])
    for name, paths in files.items():
        source = records.get_source(name)
        if wanted and name not in wanted:
            continue
        if source.refusal is None:
            yield from (RecordsPart(source, path) for path in paths)
        else:
            yield RefusedPart(source, tuple(path.relative_to(folder) for path in paths))


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
