"""`Source`: one published file of measured records, and the entries it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from onnx_bench.errors import MalformedRecordsError, MissingRecordsError
from onnx_bench.prefixed import prefixed

Split = Literal["validation", "test", "none"]
"""Part of a data set that was scored; `none` for costs such as latency."""


class Measurement(NamedTuple):
    """One measured value of one architecture.

    Attributes:
        task: Name of the task (see `onnx_bench.tasks`); its unit is the value's.
        value: What was measured. Finite.
        split: Part of the data set that was scored; `none` for costs such as latency.
        epochs: Training epochs, or `None` where unknown or where every network had its own recipe.
        runs: Training runs the value averages; 1 means that it carries the noise of a single run.
        note: Where in the file the value stands, then what a reader must know before comparing it.
    """

    task: str
    value: float
    split: Split
    epochs: int | None
    runs: int
    note: str


class Entry(NamedTuple):
    """One architecture as a file records it.

    Attributes:
        arch: Architecture string of the source's space.
        measurements: Its values; empty where the file only lists the architecture.
        onnx: A stored model file, for spaces whose architectures have no description to build from.
        params: Recorded parameters of the network as trained for the default task of its space.
    """

    arch: str
    measurements: tuple[Measurement, ...]
    onnx: bytes | None = None
    params: int | None = None


@dataclass(frozen=True)
class Refusal:
    """Stands where a reader would, for files that are recognised so that a user learns why nothing here reads them.

    Attributes:
        advice: Why not, and what to do instead.
    """

    advice: str

    def __call__(self, path: Path) -> Iterator[Entry]:
        """Like a reader.

        Raises:
            MalformedRecordsError: Always.
        """
        raise self.error([path])

    def error(self, paths: Sequence[Path]) -> MalformedRecordsError:
        """The error to raise for these files; it shows their names without control characters."""
        return MalformedRecordsError(f"{', '.join(repr(str(path)) for path in paths)}: {self.advice}")


@dataclass(frozen=True)
class Source:
    """One kind of file of measured records: where it comes from, and how it is read.

    Attributes:
        name: Key in `onnx_bench.records.get_source`.
        title: One line for a listing.
        space: Name of the search space of its architectures.
        files: Glob patterns of the published names, relative to the folder a user keeps records in. A pattern may also
            match a folder, where a benchmark is published as one.
        size_bytes: Size of what is published, roughly; 0 where it is not known.
        url: Where a user gets it.
        licence: Of the records.
        reference: The paper.
        reader: Gives the entries of a file in the order of the file, without holding all of them at once; a `Refusal`
            for files that are not read.
        beside: Names of further files that are read, or looked for, in the folder of the file.
        stores_graphs: Whether every entry brings its model file, so that no network is built from its description.
    """

    name: str
    title: str
    space: str
    files: tuple[str, ...]
    size_bytes: int
    url: str
    licence: str
    reference: str
    reader: Callable[[Path], Iterator[Entry]] = field(repr=False)
    beside: tuple[str, ...] = ()
    stores_graphs: bool = False

    @property
    def refusal(self) -> Refusal | None:
        """What says why files of this source are not read; `None` where they are."""
        return self.reader if isinstance(self.reader, Refusal) else None

    def find(self, folder: Path) -> list[Path]:
        """The files of this source in `folder`, sorted; none if there is none."""
        return sorted({path for pattern in self.files for path in folder.glob(pattern)})

    def inputs(self, path: Path) -> list[Path]:
        """All that decides the entries of `path`: itself and the files beside it that are there."""
        return [path, *(found for name in self.beside if (found := path.with_name(name)).is_file())]

    def read(self, path: Path) -> Iterator[Entry]:
        """The entries of one file, always in the same order.

        Raises:
            MissingRecordsError: There is no such file; the message says where to get it.
            MalformedRecordsError: While reading, where the file is damaged or of another format; at once where files of
                this source are refused.
        """
        if not path.exists():
            raise self.missing(path)
        return self.reader(path)

    def missing(self, path: Path) -> MissingRecordsError:
        """The error to raise where `path`, a file or the folder it should lie in, has no records of this source."""
        return MissingRecordsError(
            f"{path} has no records of {self.name} ({self.title}); they are published as {' or '.join(self.files)} at "
            f"{self.url}{_in_words(self.size_bytes)}, licence {self.licence}"
        )


def _in_words(size: int) -> str:
    return " (about {} {}B)".format(*prefixed(size, 3)) if size else " (it does not state the size)"
