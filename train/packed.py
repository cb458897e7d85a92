"""Labelled spaces as small files: what neural members are trained from on a machine without the benchmark records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.graph_batch import GraphBatch
from train.records import Distinct, Labelled

_TARGET = "target:"
_SEPARATOR = "\0"


def pack(space: Labelled, folder: Path) -> Path:
    """Write the distinct networks of `space`, one row each.

    Nodes are kept as places in a table of the different ones, edges as steps between nodes.
    """
    some = space.known
    graphs = some.graphs
    nodes = np.column_stack([graphs.x_op, graphs.x_num]).astype(np.float16)  # x_num was read from half precision
    table, code = np.unique(nodes.view(f"V{nodes.itemsize * nodes.shape[1]}").ravel(), return_inverse=True)
    starts = np.repeat(graphs.node_ends - np.diff(graphs.node_ends, prepend=0), np.diff(graphs.edge_ends, prepend=0))
    arrays: dict[str, Any] = {
        "archs": space.archs[some.rows], "groups": space.groups[some.rows],
        "fingerprints": space.fingerprints[some.rows], "features": space.features[some.rows].astype(np.float32),
        "sizes": np.stack([space.params[some.rows], space.macs[some.rows]]),
        "texts": np.frombuffer(_SEPARATOR.join(some.texts).encode(), np.uint8),
        "nodes": table.view(np.float16).reshape(len(table), -1), "code": code.astype(np.int32),
        "producers": (graphs.producers - starts).astype(np.int16),
        "steps": (graphs.readers - graphs.producers).astype(np.int16),
        "node_ends": graphs.node_ends, "edge_ends": graphs.edge_ends,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{space.space}.npz"
    arrays |= {_TARGET + task: values for task, values in some.targets.items()}
    np.savez_compressed(path, **arrays)
    return path


def unpack(folder: Path, name: str) -> Labelled:
    """What `pack` wrote; features in single precision."""
    with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
        nodes = stored["nodes"][stored["code"]]
        node_ends, edge_ends = stored["node_ends"], stored["edge_ends"]
        sizes = np.diff(edge_ends, prepend=0)
        producers = stored["producers"] + np.repeat(node_ends - np.diff(node_ends, prepend=0), sizes)
        graphs = GraphBatch(
            nodes[:, 0].astype(np.int64), nodes[:, 1:].astype(np.float32), producers,
            producers + stored["steps"], node_ends, edge_ends,
        )  # fmt: skip
        targets: dict[str, NDArray[np.float64]] = {
            key.removeprefix(_TARGET): stored[key] for key in stored.files if key.startswith(_TARGET)
        }
        texts = np.array(stored["texts"].tobytes().decode().split(_SEPARATOR), dtype=object)
        order = np.arange(len(texts))
        params, macs = stored["sizes"]
        return Labelled(
            name, stored["archs"], stored["groups"], stored["fingerprints"], stored["features"].astype(np.float64),
            params, macs, targets, Distinct(order, order, graphs, texts, targets),
        )  # fmt: skip
