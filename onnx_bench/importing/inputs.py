"""Concrete shapes for the graph inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from onnx_bench.importing.tensor import dtype_class
from onnx_bench.node import Shape

IMAGE = 224
"""Assumed height and width of images; `importer` tries others where this one does not fit the network."""
SEQUENCE = 128
"""Assumed length of a symbolic axis that is neither batch, nor channels, nor a side of an image."""
CHANNELS = 3
_LENGTH_NAMES = ("past", "seq", "len", "time", "token", "frame")
_BATCH_NAMES = {"batch", "batch_size", "batchsize", "n", "b", "bs", "none"}


@dataclass(frozen=True)
class InputSpec:
    """A graph input as declared: `dims` holds sizes, names for symbolic axes, and is `None` for an unknown rank."""

    name: str
    dims: tuple[int | str, ...] | None
    dtype: str
    tensor: bool = True


def declared_type(info: onnx.ValueInfoProto) -> InputSpec:
    """What a file declares of a tensor."""
    kind = info.type
    which = kind.WhichOneof("value")
    if which == "optional_type":
        kind = kind.optional_type.elem_type
        which = kind.WhichOneof("value")
    if which not in ("tensor_type", "sparse_tensor_type"):
        return InputSpec(info.name, None, "float", tensor=False)
    body = kind.tensor_type if which == "tensor_type" else kind.sparse_tensor_type
    dtype = dtype_class(body.elem_type)
    if not body.HasField("shape"):
        return InputSpec(info.name, None, dtype)
    dims: list[int | str] = []
    for i, dim in enumerate(body.shape.dim):
        size = dim.dim_value
        # Some exporters write 0 or -1 for a size they do not know.
        dims.append(size if size > 0 else dim.dim_param or f"?{i}")
    return InputSpec(info.name, tuple(dims), dtype)


def is_batch(name: str) -> bool:
    """Whether a symbolic size is called as batches are."""
    lowered = name.lower()
    return lowered in _BATCH_NAMES or "batch" in lowered


def file_batch(specs: list[InputSpec]) -> int:
    """The batch that the file fixes: the common first size of its inputs; 1 where there is none to correct.

    A square matrix beside other inputs relates their rows to each other, as the adjacency of a graph does: no batch.
    """
    if len(specs) > 1 and any(_is_square(s) for s in specs):
        return 1
    firsts = {s.dims[0] for s in specs if s.dims}
    sizes = {d for d in firsts if isinstance(d, int) and d > 1}
    symbolic = any(isinstance(d, str) for s in specs for d in (s.dims or ()) if is_batch(str(d)))
    return sizes.pop() if len(sizes) == 1 and not symbolic else 1


def _is_square(spec: InputSpec) -> bool:
    """Whether a float input is a square matrix of a known size."""
    return spec.dtype == "float" and spec.dims is not None and len(spec.dims) == 2 and spec.dims[0] == spec.dims[1]


def _assume(spec: InputSpec, axis: int, image: int, named: Mapping[str, int]) -> int:
    """A size for symbolic axis `axis`."""
    dims = spec.dims or ()
    name = str(dims[axis])
    if name in named:
        return named[name]
    if "+" in name and not name.startswith("+"):
        parts = [p.strip() for p in name.split("+")[:4]]
        return sum(int(p) if p.isdecimal() and len(p) < 7 else named.get(p, SEQUENCE) for p in parts)
    if is_batch(name) or (axis == 0 and not any(isinstance(d, str) and is_batch(d) for d in dims[1:])):
        return 1
    if any(part in name.lower() for part in _LENGTH_NAMES):
        return SEQUENCE
    if len(dims) in (4, 5) and spec.dtype == "float":
        channels_last = isinstance(dims[-1], int) and dims[-1] in (1, 3, 4) and not isinstance(dims[1], int)
        if axis == 1 and not channels_last:
            return CHANNELS
        if axis == len(dims) - 1 and channels_last:
            return CHANNELS
        sides = [d for d in (dims[1:-1] if channels_last else dims[2:]) if isinstance(d, int)]
        return sides[-1] if sides else image
    return SEQUENCE


def concrete_shapes(specs: list[InputSpec], image: int = IMAGE) -> tuple[list[Shape | None], list[str]]:
    """A shape for every input, and a warning for every size that had to be assumed."""
    named: dict[str, int] = {}
    shapes: list[Shape | None] = []
    warnings = []
    for number, spec in enumerate(specs):
        if spec.dims is None:
            shapes.append(None)
            continue
        shape = []
        for axis, dim in enumerate(spec.dims):
            if isinstance(dim, int):
                shape.append(dim)
                continue
            size = _assume(spec, axis, image, named)
            if not dim.startswith("?"):
                named[dim] = size
            shape.append(size)
            if size != 1:
                warnings.append(f"input {number}: the size of axis {axis} is open in the file; {size} assumed")
        shapes.append(tuple(shape))
    return shapes, warnings
