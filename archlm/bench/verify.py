"""Checks of a built data set against itself and against what is known of its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from archlm.bench.dataset import architectures, measurements, read_manifest
from archlm.bench.schema import unpack_graph
from encoders import features, text
from onnx_bench import spaces, splits
from onnx_bench.errors import MalformedModelError, UserInputError
from onnx_bench.graph import ArchGraph

OPTIMA = {
    ("nasbench201", "cifar10", "test"): 94.37,
    ("nasbench201", "cifar100", "test"): 73.51,
    ("nasbench201", "imagenet16-120", "test"): 47.31,
}
"""Best mean accuracy over seeds in percent after 200 epochs, of spaces measured in full (Dong and Yang, 2020)."""
SAMPLE = 500
"""Architectures that are built and encoded again."""
READ_FROM_FILES = ("timm_graphs", "timm_table")
"""Sources of networks as exporters write them. They fold constants and expand tables: the recorded parameters may be
others."""
FILES_ONLY = ("timm", "torchvision")
"""Spaces whose architectures come as files, or need packages that may be absent."""


class Check(NamedTuple):
    """One thing that must hold.

    Attributes:
        name: What was checked.
        ok: Whether it holds.
        found: What was found, with counts.
    """

    name: str
    ok: bool
    found: str


def verify(folder: str | Path) -> Iterator[Check]:
    """Check the data set in `folder`, the cheap checks first.

    Raises:
        UserInputError: It holds no finished data set, or a file of it is damaged.
    """
    manifest = read_manifest(folder)
    rows = pa.concat_tables(architectures(folder, ["fingerprint", "space", "arch"], 50_000))
    values = measurements(folder)
    yield _counts(manifest, rows, values)
    yield _distinct(rows)
    yield _owned(rows, values)
    yield from _parameters(manifest)
    yield from _optima(values)
    yield from _leaks(rows)
    yield from _sample(folder, rows.num_rows)


def _counts(manifest: dict[str, Any], rows: pa.Table, values: pa.Table) -> Check:
    found = {"architectures": rows.num_rows, "measurements": values.num_rows}
    ok = all(manifest[name] == number for name, number in found.items())
    return Check("files are complete", ok, ", ".join(f"{n:,} of {manifest[k]:,} {k}" for k, n in found.items()))


def _distinct(rows: pa.Table) -> Check:
    distinct = pc.count_distinct(rows["fingerprint"]).as_py()
    return Check(
        "no architecture twice", distinct == rows.num_rows, f"{distinct:,} fingerprints in {rows.num_rows:,} rows"
    )


def _owned(rows: pa.Table, values: pa.Table) -> Check:
    known = pc.is_in(values["fingerprint"], value_set=rows["fingerprint"].combine_chunks())
    lost = values.num_rows - (pc.sum(known).as_py() or 0)
    return Check("every measurement has its architecture", lost == 0, f"{lost:,} of {values.num_rows:,} without")


def _parameters(manifest: dict[str, Any]) -> Iterator[Check]:
    for part in manifest["parts"]:
        if recorded := part["recorded_params"]:
            source = part.get("source")
            exact = source not in READ_FROM_FILES
            ok = part["equal_params"] == recorded or not exact
            found = f"{part['equal_params']:,} of {recorded:,} equal{'' if exact else ' (read from exported files)'}"
            yield Check(f"recorded parameters of {source}", ok, found)


def _optima(values: pa.Table) -> Iterator[Check]:
    for (space, task, split), best in OPTIMA.items():
        mean = (pc.field("epochs") == 200) & (pc.field("runs") > 1)
        asked = (pc.field("space") == space) & (pc.field("task") == task) & (pc.field("split") == split)
        table = values.filter(asked & mean)
        if table.num_rows:
            found = pc.max(table["value"]).as_py()
            yield Check(f"optimum of {space} on {task}", round(found, 2) == best, f"{found:.2f}, known {best:.2f}")


def _leaks(rows: pa.Table) -> Iterator[Check]:
    fingerprints, owners = rows["fingerprint"].to_pylist(), rows["space"].to_pylist()
    parts: dict[str, list[Any]] = {"random": splits.random_split(fingerprints)}
    if len(fingerprints) > 100:
        parts["few-shot (100)"] = splits.few_shot(fingerprints, 100)
    for space in dict.fromkeys(owners):
        parts[f"without {space}"] = splits.leave_one_space_out(fingerprints, owners, space)
    for name, split in parts.items():
        leaked = splits.leaks(fingerprints, split)
        sizes = {part: split.count(part) for part in dict.fromkeys(split) if part is not None}
        shown = ", ".join(f"{number:,} {part}" for part, number in sizes.items())
        yield Check(f"split does not leak: {name}", not leaked, f"{len(leaked):,} leaks; {shown}")


def _sample(folder: str | Path, total: int) -> Iterator[Check]:
    wrong: dict[str, list[str]] = {"graph": [], "text": [], "features": [], "space": []}
    number = 0
    for table in architectures(folder, ["fingerprint", "space", "arch", "graph", "text", "features"]):
        for row in table.filter(pa.array(_chosen(table, total), pa.bool_())).to_pylist():
            number += 1
            for what in _differences(row):
                wrong[what].append(row["arch"])
    names = {
        "graph": "graphs have their fingerprints",
        "text": "texts have the fingerprints of their graphs",
        "features": "features are those of their graphs",
        "space": "architectures built again are equal",
    }
    for what, archs in wrong.items():
        first = f", the first {archs[0]}" if archs else ""
        yield Check(names[what], not archs, f"{len(archs):,} of {number:,} sampled differ{first}")


def _chosen(table: pa.Table, total: int) -> list[bool]:
    return [splits.position(f, 1) * total < SAMPLE for f in table["fingerprint"].to_pylist()]


def _differences(row: dict[str, Any]) -> Iterator[str]:
    """In which columns a row does not fit its fingerprint."""
    try:
        graph = unpack_graph(row["graph"])
    except MalformedModelError:
        yield "graph"
        return
    if graph.fingerprint() != row["fingerprint"]:
        yield "graph"
    if not np.allclose(features.compute_many([graph])[0], row["features"], rtol=1e-9):
        yield "features"
    checks: dict[str, Callable[[], ArchGraph]] = {"text": lambda: text.decode(row["text"])}
    if row["space"] not in FILES_ONLY:
        checks["space"] = lambda: spaces.get(row["space"]).build(row["arch"])
    for what, made in checks.items():
        try:
            same = made().fingerprint() == row["fingerprint"]
        except UserInputError:
            same = False
        if not same:
            yield what
