"""Every limit of the reader, in one place."""

from __future__ import annotations

UPLOAD_BYTES = 64 << 20
"""Bytes of a model handed over as bytes (an upload)."""
LOCAL_BYTES = 2 << 30
"""Bytes of a model in a local file; a protobuf message cannot be larger."""

STRUCTURE_BYTES = 32 << 20
"""Bytes of a model without its weights, doc strings and metadata. 50,000 nodes take about 10 MB."""
WIRE_FIELDS = 1_000_000
"""Protobuf fields looked at before parsing. Empty messages cost 2 bytes in a file and 100 times that in memory."""
WIRE_DEPTH = 100
"""Protobuf messages inside one another; the parser's own limit."""

NODES = 50_000
"""Nodes, those of subgraphs and of expanded functions included."""
EDGES = 500_000
"""Node inputs, counted like nodes."""
INITIALISERS = 100_000
DEPTH = 32
"""Subgraphs and function calls inside one another."""
RANK = 64
"""Dimensions of a tensor; the largest product of dimensions then has under 1,300 digits."""
NAME_BYTES = 256
"""Bytes of a name that survives reading: operators, domains, attributes."""
VALUE_NAME_BYTES = 4096
"""Bytes of the name of a value. These are dropped; TensorFlow scopes make some longer than 256 bytes."""
KEPT_ELEMENTS = 64
"""Tensors up to this many elements keep their values."""
KEPT_INTEGERS = 1 << 14
"""Integer tensors up to this many elements keep theirs: indices and masks that shapes and folding need."""
KEPT_LIST = 4096
"""Attribute lists up to this many values keep them (tree ensembles hold millions)."""

MEMORY_BYTES = 2 << 30
"""Address space of a worker beyond the file it maps."""
SECONDS = 30.0
"""Time for one model: processor time in the worker, and twice that on the clock."""

AHEAD = 256
"""Models of a batch that are read, or drawn, before the first of them is taken: as many as the caller may be busy with
at a time, so that the workers go on meanwhile."""
AHEAD_BYTES = 64 << 20
"""Bytes of answers, and of models given as bytes, that wait to be taken; beyond it nothing is read ahead."""
