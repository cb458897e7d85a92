"""The data set card: what is in the folder, whose it is, how it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from encoders import features
from onnx_bench import records

_CONFIGS = """---
pretty_name: ONNX-Bench
configs:
- config_name: architectures
  data_files: architectures/*.parquet
  default: true
- config_name: measurements
  data_files: measurements/*.parquet
---
"""


def write_card(folder: Path, manifest: dict[str, Any]) -> None:
    """Write `README.md`, which also tells `datasets.load_dataset` what lies where."""
    parts = manifest["parts"]
    lines = [
        "# ONNX-Bench",
        "",
        f"{manifest['architectures']:,} distinct neural architectures as normalised graphs, and "
        f"{manifest['measurements']:,} measured values. Made by `archlm bench build` from {manifest['entries']:,} "
        f"entries; {manifest['skipped']:,} could not be built and are listed in `manifest.json`.",
        "",
        "- `architectures/`: one row for each fingerprint: `space`, `arch` (the name it was met by first), `graph` "
        "(see `archlm.bench.schema.unpack_graph`), `text`, `features` (order: `encoders.features.NAMES`, version "
        f"{features.VERSION}), `params`, `macs`, `num_nodes` of the normalised graph, `stored_params` as trained.",
        "- `measurements/`: `fingerprint`, `space`, `arch`, `task` (its unit: `archlm tasks`), `value`, `split`, "
        "`epochs`, `runs`, `note`, `source`, `licence`.",
        "",
        "```python",
        "from archlm.bench.dataset import load",
        'load("THIS FOLDER", task="cifar10")  # or datasets.load_dataset("THIS FOLDER", "architectures")',
        "```",
        "",
        "| part | entries | new architectures | measurements | not built | licence | reference |",
        "|---|---|---|---|---|---|---|",
        *(_row(part) for part in parts),
        "",
        *(f"Refused, and not in it: {part['source']}. {part['refused']}.\n" for part in parts if "refused" in part),
        "Split by fingerprint (`onnx_bench.splits`), never by row: isomorphic cells and duplicates have equal ones.",
        "",
    ]
    (folder / "README.md").write_text(_CONFIGS + "\n".join(lines), encoding="utf-8")


def _row(part: dict[str, Any]) -> str:
    source = records.get_source(part["source"]) if "source" in part else None
    name = next(f"{key} {part[key]}" for key in ("source", "all", "sample") if key in part)
    name += " (refused)" if "refused" in part else ""
    counts = (f"{part[key]:,}" for key in ("entries", "architectures", "measurements", "skipped"))
    return f"| {' | '.join((name, *counts, source.licence if source else '', source.reference if source else ''))} |"
