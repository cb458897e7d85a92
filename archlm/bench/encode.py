"""From a job to a chunk: build every graph, and everything that is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from archlm.bench.plan import Draw, Job, package_versions
from archlm.bench.schema import CHUNK, pack_graph
from encoders import features, text
from onnx_bench import spaces
from onnx_bench.errors import MissingExtraError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_graph
from onnx_bench.records import Entry

NotBuilt = UserInputError | MissingExtraError
"""Why an entry has no graph: its description is not understood, or the package that could build it is absent."""
COMPRESSION = {"compression": "zstd", "compression_level": 3}


def encode_job(job: Job) -> bytes:
    """The chunk of `job` as a parquet file; equal jobs give equal bytes.

    Raises:
        UserInputError: The packages that build the networks are not those the job was planned with.
    """
    if job.built_with and (here := package_versions(job.space)) != job.built_with:
        raise UserInputError(
            f"the networks of {job.space} are built with {_in_words(here)} on this worker, the build was planned with "
            f"{_in_words(job.built_with)}; install the same on every machine and start the build again"
        )
    work = job.work
    entries = [Entry(arch, ()) for arch in work.archs(job.space)] if isinstance(work, Draw) else work
    sink = pa.BufferOutputStream()
    pq.write_table(encode_entries(job.space, entries), sink, **COMPRESSION)
    return sink.getvalue().to_pybytes()


def _in_words(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def encode_entries(space: str, entries: tuple[Entry, ...] | list[Entry]) -> pa.Table:
    """One row for each entry, see `schema.CHUNK`. An entry without a graph keeps its measurements and gets an error."""
    graphs = [_graph(space, entry) for entry in entries]
    found = [graph for graph in graphs if isinstance(graph, ArchGraph)]
    vectors = iter(features.compute_many(found))
    rows = [
        _row(space, entry, graph, next(vectors) if isinstance(graph, ArchGraph) else None)
        for entry, graph in zip(entries, graphs, strict=True)
    ]
    return pa.Table.from_pylist(rows, CHUNK)


def _graph(space: str, entry: Entry) -> ArchGraph | NotBuilt:
    try:
        if entry.onnx is not None:
            return read_graph(entry.onnx).renamed(f"{space}:{entry.arch}")
        return spaces.get(space).build(entry.arch)
    except (UserInputError, MissingExtraError) as error:
        return error


def _row(space: str, entry: Entry, graph: ArchGraph | NotBuilt, vector: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "space": space, "arch": entry.arch, "measurements": [m._asdict() for m in entry.measurements],
        "recorded_params": entry.params,
    }  # fmt: skip
    if isinstance(graph, NotBuilt):
        return row | {"error": f"{type(graph).__name__}: {graph}"}
    return row | {
        "fingerprint": graph.fingerprint(), "graph": pack_graph(graph), "text": text.encode(graph), "features": vector,
        "params": graph.params, "macs": graph.macs, "stored_params": graph.stored_params, "num_nodes": graph.num_nodes,
    }  # fmt: skip
