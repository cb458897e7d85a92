"""Verification finds what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from archlm.bench.verify import verify


def test_a_good_data_set_passes(data_set: Path) -> None:
    checks = list(verify(data_set))
    assert [check for check in checks if not check.ok] == []
    names = " ".join(check.name for check in checks)
    assert all(word in names for word in ("complete", "twice", "recorded parameters of mnasnet_table", "leak", "texts"))


def swapped(table: pa.Table, column: str) -> pa.Table:
    """The values of a column, each moved to the next row."""
    values = table[column].combine_chunks()
    moved = pa.concat_arrays([values[1:], values[:1]])
    return table.set_column(table.column_names.index(column), table.schema.field(column), moved)


def rewrite(folder: Path, part: str, change: Callable[[pa.Table], pa.Table]) -> None:
    (file,) = (folder / part).glob("*.parquet")
    pq.write_table(change(pq.read_table(file)), file)


def lower_params(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["parts"][0]["equal_params"] -= 1
    (folder / "manifest.json").write_text(json.dumps(manifest))


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "a row is lost": (lambda f: rewrite(f, "architectures", lambda t: t.slice(1)), "files are complete"),
    "a row stands twice": (
        lambda f: rewrite(f, "architectures", lambda t: pa.concat_tables([t, t.slice(0, 1)])), "no architecture twice"
    ),
    "a measurement without its architecture": (
        lambda f: rewrite(f, "architectures", lambda t: t.filter(pc.field("space") != "mnasnet")), "every measurement"
    ),
    "graphs are exchanged": (lambda f: rewrite(f, "architectures", lambda t: swapped(t, "graph")), "graphs have"),
    "texts are exchanged": (lambda f: rewrite(f, "architectures", lambda t: swapped(t, "text")), "texts have"),
    "features are exchanged": (lambda f: rewrite(f, "architectures", lambda t: swapped(t, "features")), "features are"),
    "names are exchanged": (lambda f: rewrite(f, "architectures", lambda t: swapped(t, "arch")), "built again"),
    "a parameter count is off": (lower_params, "recorded parameters"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_found(data_set: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(data_set, folder, ignore=shutil.ignore_patterns("parts"))
    cause, check = DAMAGE[damage]
    cause(folder)
    assert any(check in found.name for found in verify(folder) if not found.ok)
