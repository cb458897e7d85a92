"""Columns of the data set, and of the chunks it is put together from."""

from __future__ import annotations

import zlib

import pyarrow as pa

from encoders import features
from onnx_bench.errors import MalformedModelError
from onnx_bench.graph import FORMAT, ArchGraph

VERSION = 1
"""Changes whenever the same architecture would give another row; chunks of another version are built again."""
CODE = f"{VERSION}.{FORMAT}.{features.VERSION}"
"""Versions of everything a row depends on."""
MANIFEST = "manifest.json"
"""The file that says that a data set is complete, and what it is made of."""
MAX_GRAPH_BYTES = 1 << 28
"""Longest graph that `unpack_graph` unfolds."""

_DESCRIBED = [
    ("fingerprint", pa.string()),
    ("space", pa.string()),
    ("arch", pa.string()),
]
ARCHITECTURES = pa.schema([
    *_DESCRIBED,
    ("graph", pa.binary()),  # see `pack_graph`
    ("text", pa.string()),
    ("features", pa.list_(pa.float64(), len(features.NAMES))),
    ("params", pa.int64()),
    ("macs", pa.int64()),
    ("stored_params", pa.int64()),
    ("num_nodes", pa.int32()),
])  # fmt: skip
"""One row for each distinct architecture, under the name it was met by first."""

MEASUREMENT = pa.struct([
    ("task", pa.string()), ("value", pa.float64()), ("split", pa.string()), ("epochs", pa.int32()),
    ("runs", pa.int32()), ("note", pa.string()),
])  # fmt: skip
MEASUREMENTS = pa.schema([*_DESCRIBED, *MEASUREMENT, ("source", pa.string()), ("licence", pa.string())])
"""One row for each measured value, under the name its source uses."""

CHUNK = pa.schema([
    *ARCHITECTURES, ("measurements", pa.list_(MEASUREMENT)), ("recorded_params", pa.int64()), ("error", pa.string())
])  # fmt: skip
"""One row for each entry of a source; where there is an `error`, all that the graph would give is null."""


def pack_graph(graph: ArchGraph) -> bytes:
    """The bytes of the column `graph`."""
    return zlib.compress(graph.to_bytes(), 6)


def unpack_graph(data: bytes) -> ArchGraph:
    """The graph in a field of the column `graph`.

    Raises:
        MalformedModelError: These are no such bytes.
    """
    unfolding = zlib.decompressobj()
    try:
        plain = unfolding.decompress(data, MAX_GRAPH_BYTES)
    except zlib.error as error:
        raise MalformedModelError(f"not a packed graph: {error}") from error
    if not unfolding.eof:
        raise MalformedModelError(f"not a packed graph: cut short, or of more than {MAX_GRAPH_BYTES} bytes")
    return ArchGraph.from_bytes(plain)
