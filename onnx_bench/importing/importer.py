"""`import_model`: from an audited ONNX file to the raw graph.

The raw graph holds ONNX operator names and attributes, every shape concrete for batch 1 where it can be known.
Attributes that moved to inputs over the opsets are attributes, in one form whatever the opset:

    Squeeze, Unsqueeze, Reduce*     axes, from the front, sorted, written out; keepdims
    Slice                           axes, starts, ends, steps: inside the tensor (an end of -1 is before the first)
    Split                           axis, split (sizes);  TopK  axis, k;  CumSum  axis;  OneHot  axis, depth
    Pad                             pads of all axes, mode, value;  Tile  repeats
    Clip                            min, max; a missing one is no bound (both are inputs where they are not known)
    Conv, pools                     kernel_shape, strides, pads, dilations; group: written out, no auto_pad
    Reshape, Expand, Resize         one input; the target is the node's shape (Upsample is a Resize)
    Softmax, Concat, Gather, ...    axis from the front; LayerNormalization too
    Cast                            to: float, int or bool; casts inside one class are gone

Weights are `Parameter` nodes, one for each reading, also where the file computes them from stored tensors. Small held
tensors are `Constant` nodes. Output `i` >= 1 of an operator is an `Output(index=i)` node. Identity, Dropout are gone.
"""

from __future__ import annotations

import numpy as np
import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.graph import ArchGraph
from onnx_bench.importing.batch import consistent
from onnx_bench.importing.call import KeepBatchError
from onnx_bench.importing.evaluator import Evaluator, input_node
from onnx_bench.importing.file_node import FileNode, file_nodes
from onnx_bench.importing.first_reader import informed
from onnx_bench.importing.inputs import IMAGE, InputSpec, concrete_shapes, declared_type, file_batch, is_batch
from onnx_bench.importing.scope import Scope
from onnx_bench.importing.seen import Seen
from onnx_bench.importing.tensor import Tensor
from onnx_bench.node import Shape
from onnx_bench.size_limits import check_sizes

OTHER_IMAGES = (32, 28, 64, 96, 299, 384, 512)
"""Sides of square images that are tried in turn where 224 does not fit the network."""
MAX_TRIED = 5000
"""Nodes of the largest network that is evaluated again for other image sizes."""


class File:
    """The parts of a model that every evaluation reads."""

    def __init__(self, model: onnx.ModelProto, nodes: list[FileNode] | None = None) -> None:
        self.graph = model.graph
        self.opsets = {("" if o.domain == "ai.onnx" else o.domain): o.version for o in model.opset_import} or {"": 1}
        self.stored = {i.name for i in self.graph.initializer}
        self.nodes = file_nodes(self.graph.node) if nodes is None else nodes
        self.declared: dict[str, onnx.ValueInfoProto] | None = None
        declared = [declared_type(i) for i in self.graph.input if i.name not in self.stored]
        self.inputs = informed(declared, self.nodes, self.graph.initializer)

    def evaluate(
        self, shapes: list[Shape | None], batch: int = 1, before: Seen | None = None
    ) -> tuple[Evaluator, Scope]:
        """Walk the file with these input shapes."""
        e = Evaluator(self.opsets, self.declared_shape, self.stored, batch, before)
        scope = Scope()
        e.load(self.graph, scope)
        for spec, shape in zip(self.inputs, shapes, strict=True):
            _define_input(e, scope, spec, shape)
        e.run(self.nodes, scope)
        return e, scope

    def declared_shape(self, name: str) -> Shape | None:
        """The shape that the file declares for a computed tensor, with batch 1 if nothing but the batch is open."""
        if self.declared is None:
            self.declared = {i.name: i for i in (*self.graph.value_info, *self.graph.output)}
        info = self.declared.get(name)
        dims = None if info is None else declared_type(info).dims
        sizes = [1 if isinstance(d, str) and is_batch(d) else d for d in dims or ("",)]
        known = tuple(d for d in sizes if isinstance(d, int))
        return known if len(known) == len(sizes) else None


def _define_input(e: Evaluator, scope: Scope, spec: InputSpec, shape: Shape | None) -> None:
    tensor = Tensor(shape, spec.dtype, len(e.nodes))
    e.nodes.append(input_node(shape, spec.dtype))
    if spec.name in scope or not spec.name:
        raise MalformedModelError("two graph inputs have the same name, or one has none")
    if e.before is not None:
        tensor.full = e.before[spec.name].shape
    scope[spec.name] = e.seen[spec.name] = tensor


def _evaluate(file: File) -> tuple[Evaluator, Scope, list[str]]:
    """Evaluate at batch 1 and at sizes that fit."""
    shapes, warnings = concrete_shapes(file.inputs)
    batch = file_batch(file.inputs)
    e, scope = file.evaluate(shapes)
    if e.problems and warnings and len(file.nodes) <= MAX_TRIED and any(IMAGE in (s or ()) for s in shapes):
        for side in OTHER_IMAGES:
            other, notes = concrete_shapes(file.inputs, side)
            attempt = file.evaluate(other)
            if not attempt[0].problems:
                return (*attempt, notes)
    if batch > 1:
        single = [(1, *s[1:]) if s and s[0] == batch else s for s in shapes]
        try:
            corrected = file.evaluate(single, batch, e.seen)
            if len(corrected[0].problems) <= len(e.problems) and consistent(e.seen, corrected[0].seen, batch):
                return (*corrected, warnings)
        except KeepBatchError:
            pass
        warnings.append(f"the first axis of the inputs, {batch}, is no batch axis or cannot be set to 1; it is kept")
    return e, scope, warnings


def import_model(model: onnx.ModelProto, name: str = "", nodes: list[FileNode] | None = None) -> ArchGraph:
    """Read a model that has passed the audit: functions inlined, weights possibly without data.

    Args:
        model: The model. It is not changed.
        name: Name of the graph, such as the file it came from.
        nodes: Those of its graph, where they have been read already.

    Raises:
        MalformedModelError: Nodes read tensors that do not exist, names are written twice, no outputs.
        ModelTooLargeError: It exceeds the limits of `onnx_bench.size_limits`.
    """
    file = File(model, nodes)
    if not file.graph.output:
        raise MalformedModelError("the model has no outputs")
    with np.errstate(all="ignore"):
        e, scope, warnings = _evaluate(file)
        outputs = []
        for info in file.graph.output:
            try:
                tensor = scope[info.name]
            except KeyError as error:
                raise MalformedModelError("a graph output is computed by no node") from error
            outputs.append(tensor.node if tensor.node >= 0 else e.materialise(tensor))
    warnings += e.warnings
    if e.unknown:
        reason = f" ({e.problems[0]})" if e.problems else ""
        warnings.append(f"shapes unknown: the output shapes of {e.unknown} operators could not be determined{reason}")
    check_sizes(e.nodes)
    stored = sum(e.learned.values())
    return ArchGraph(tuple(e.nodes), tuple(outputs), name, tuple(warnings), stored_params=stored)
