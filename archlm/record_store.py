"""`RecordStore`: what was measured, in a data set on the user's own disk that `archlm bench build` made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from archlm.bench.dataset import measurement_rows, read_manifest
from onnx_bench.graph import ArchGraph


class Measured(NamedTuple):
    """The architectures that were measured on one task.

    Attributes:
        values: For each fingerprint the value, in the task's unit.
        prints: For each name (space, architecture string) the fingerprint.
    """

    values: dict[str, float]
    prints: dict[tuple[str, str], str]


class RecordStore:
    """Measured values by task and architecture; those of a task are read when it is first asked about.

    An architecture may be recorded often: under several names that are isomorphic, on several splits, after several
    numbers of epochs. Its value is the mean over its names, as its first source gives them, of the first value under
    each: records list first what the task's description means.

    Args:
        folder: The data set.

    Raises:
        UserInputError: The folder holds no finished data set of this version.
    """

    def __init__(self, folder: str | Path) -> None:
        read_manifest(folder)
        self.folder = folder
        self._tasks: dict[str, Measured] = {}

    def measured(self, task: str) -> Measured:
        """What was measured on a task; nothing where the store does not know it.

        Raises:
            MalformedRecordsError: The data set is damaged.
        """
        if task not in self._tasks:
            self._tasks[task] = self._read(task)
        return self._tasks[task]

    def add_to(self, rows: Sequence[dict[str, Any]], graphs: Sequence[ArchGraph], task: str) -> None:
        """Write the `measured` values of networks and of their neighbours into their answers. B rows, B graphs."""
        known = self.measured(task)
        for row, graph in zip(rows, graphs, strict=True):
            row["measured"] = known.values.get(graph.fingerprint())
            for near in row["neighbours"]:
                found = known.values.get(known.prints.get((near["space"], near["name"]), ""))
                near.setdefault("measured", found)  # those of a fine-tuned task have their label

    def _read(self, task: str) -> Measured:
        prints: dict[tuple[str, str], str] = {}
        values: dict[str, list[float]] = {}
        sources: dict[str, str] = {}
        columns = ["fingerprint", "space", "arch", "value", "source"]
        for fingerprint, space, arch, value, source in measurement_rows(self.folder, task, columns):
            if (name := (space, arch)) not in prints:
                prints[name] = fingerprint
                if sources.setdefault(fingerprint, source) == source:
                    values.setdefault(fingerprint, []).append(value)
        return Measured({fingerprint: fmean(some) for fingerprint, some in values.items()}, prints)
