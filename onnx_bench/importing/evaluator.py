"""`Evaluator`: walks the nodes of a file once, in order, and writes the raw graph.

For each tensor it keeps the shape as Python integers and, where it is held and small, the values. Expressions of held
tensors are computed (small ones) or become one held tensor (large ones), so shape arithmetic and transformations of
weights leave no nodes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.importing.attributes import plain
from onnx_bench.importing.batch import align, outer_of
from onnx_bench.importing.call import UNKNOWN_OPSET, Call, MisfitError, UnknownOperatorError, UnknownShapeError
from onnx_bench.importing.fallback import infer_outputs
from onnx_bench.importing.file_node import FileNode
from onnx_bench.importing.fold import ELEMENTWISE, FOLDS
from onnx_bench.importing.memo import MEMORABLE, Outcome, key_of, recall, remember
from onnx_bench.importing.rules import RULES, SPECIALS, weight_slots
from onnx_bench.importing.scope import Scope
from onnx_bench.importing.seen import Seen
from onnx_bench.importing.tensor import (
    MAX_VALUE,
    Tensor,
    constant,
    filled,
    is_filled,
    learned_tensor,
    merge_sources,
    stored_tensor,
    uniform,
)
from onnx_bench.importing.zeros import is_gate, is_idle, is_nothing, is_start, is_zero
from onnx_bench.node import Attrs, Node, Shape

MAX_COMPUTED = 1 << 22
"""Elements that may be computed for one file, all small tensors together."""
MAX_RANK = 64
MAX_DIM = 1 << 62
"""Shapes beyond these are taken as errors of the file."""
SELECTING = frozenset(("Slice", "Gather", "Split", "GatherND", "GatherElements"))
"""Operators whose result is a part of their first input."""
BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a rule runs into when attributes are missing, of another type or of an impossible value."""


_DTYPE: dict[str, Attrs] = {kind: (("dtype", kind),) for kind in ("float", "int", "bool", "string")}


def _number(value: Any, dtype: str) -> bool | int | float:
    if dtype == "float":
        return float(f"{value:.6g}")
    return bool(value) if dtype == "bool" else int(value)


class Evaluator:
    """Evaluates a file at one choice of input shapes.

    Attributes:
        opsets: Version of each operator set, by domain.
        declared: Gives the shape that the file declares for a tensor, `None` where it declares none.
        stored: Names of the initialisers of the main graph.
        batch: The batch of the file, while it is evaluated for batch 1.
        before: The tensors of the file at its own batch, then.
        nodes: The graph so far.
        seen: Every tensor of the file by name.
        weights: Shapes of the weights that calls of ConstantOfShape stand for, by form, name and tensor of their
            input: half of the nodes of a file without weights are such calls.
        learned: Learned scalars of the stored tensors that have been read, however often; by their key, or the tensor
            where it has none.
        steps: Nodes of the file that have been evaluated, however often.
        unrolled: What loops written out have come to, in evaluated nodes and those of the graph.
        problems: What did not fit, in order.
        warnings: What had to be assumed or could not be represented; the keys keep their order.
    """

    def __init__(
        self, opsets: Mapping[str, int], declared: Callable[[str], Shape | None], stored: set[str], batch: int = 1,
        before: Seen | None = None,
    ) -> None:  # fmt: skip
        self.opsets = opsets
        self.declared = declared
        self.stored = stored
        self.batch = batch
        self.before = before
        self.nodes: list[Node] = []
        self.seen = Seen()
        self.scope = Scope()
        self.weights: dict[tuple[object, ...], Shape] = {}
        self.learned: dict[int | Tensor, int] = {}
        self.problems: list[str] = []
        self.warnings: dict[str, None] = {}
        self.unknown = 0
        self.computed = self.unrolled = self.steps = 0

    # Walking

    def load(self, graph: onnx.GraphProto, scope: Scope) -> None:
        """Define the stored tensors of `graph`."""
        for proto in graph.initializer:
            scope[proto.name] = stored_tensor(proto)
        for sparse in graph.sparse_initializer:
            dense = stored_tensor(sparse.values)
            scope[sparse.values.name] = Tensor(tuple(sparse.dims), dense.dtype, sources=dense.sources)

    def run(self, nodes: Iterable[FileNode], scope: Scope) -> None:
        """Evaluate nodes, given in topological order."""
        outside, self.scope = self.scope, scope
        for node in nodes:
            self.step(node, scope)
        self.scope = outside

    def step(self, node: FileNode, scope: Scope) -> None:
        """Evaluate one node of the file."""
        op, outs, form, before = node.op, node.outputs, node.form, self.before
        self.steps += 1
        domain = "" if node.domain == "ai.onnx" else node.domain
        try:
            ins = [scope[n] if n else None for n in node.inputs]
        except KeyError as error:
            raise MalformedModelError(
                f"a {safe_name(op)} node reads a tensor that no input, stored tensor or earlier node gives "
                "(is the file cut, or are its nodes out of order?)"
            ) from error
        opset = self.opsets.get(domain, 1)
        call = key = known = None
        if before is None and form is not None and not domain and op in MEMORABLE:
            key = key_of(form, opset, ins)
            known = None if key is None else recall(key)
        if known is not None:
            outputs = self.place(known, ins, outs)
        elif op == "ConstantOfShape" and (made := self.weights.get((form, *node.inputs, *ins))) is not None:
            outputs = [learned_tensor(made)]
        else:
            call = Call(f"{domain}::{op}" if domain else op, ins, node.attrs, len(outs), opset, node)
            call.key = key
            if before is not None:
                call.before, call.batch = before, self.batch
                then = before.get(outs[0]) if outs else None
                call.out_full = None if then is None else then.shape
            outputs = self.evaluate(call)
        for name, tensor in zip(outs, outputs, strict=False):
            if name:
                if name in scope:
                    raise MalformedModelError("two nodes write the same tensor; each name may be written once")
                scope[name] = self.seen[name] = tensor
                if before is not None and name in before:
                    tensor.full = before[name].shape
                    tensor.outer = outer_of(call, tensor) if call is not None and tensor.node >= 0 else 1

    def apply(self, op: str, *ins: Tensor | None, **attrs: Any) -> Tensor:
        """Evaluate an operator that the file does not contain, in the form of the newest opset."""
        return self.apply_all(op, ins, 1, **attrs)[0]

    def apply_all(self, op: str, ins: Sequence[Tensor | None], count: int, **attrs: Any) -> list[Tensor]:
        """As `apply`, for an operator with several outputs."""
        return self.evaluate(Call(op, list(ins), attrs, count, UNKNOWN_OPSET))

    def scalar(self, value: float) -> Tensor:
        """A held float."""
        return constant(np.array(value, np.float32))

    def evaluate(self, call: Call) -> list[Tensor]:
        """The outputs of `call`."""
        special = SPECIALS.get(call.op)
        given = list(call.ins) if call.key is not None else ()
        shapes: list[Shape | None] = []
        try:
            if call.batch > 1:
                align(call)
            if special is not None:
                outputs = special(self, call)
                if outputs is not None:
                    return outputs
            rule = RULES.get(call.op)
            found = infer_outputs(call, self.opsets) if rule is None else rule(call)
            shapes = found if isinstance(found, list) else [found] * call.count
            for shape in shapes:
                if shape:
                    _check_shape(shape)
        except UnknownOperatorError:
            self.warn(f"the operator {safe_name(call.op)} is not known; it is kept by its name")
        except UnknownShapeError:
            pass
        except MisfitError as error:
            self.problems.append(str(error))
            shapes = []
        except BROKEN:
            self.problems.append(f"the attributes or inputs of a {safe_name(call.op)} node are not valid")
            shapes = []
        else:
            if call.key is not None and not call.note and call.ins == given:
                padded = shapes + [None] * (call.count - len(shapes))
                remember(call.key, Outcome(call.op, _packed(call), padded, call.dtypes))
        if call.note:
            self.warn(call.note)
        if len(shapes) < call.count:
            shapes = shapes + [None] * (call.count - len(shapes))
        return self.finish(call, shapes)

    # Outputs

    def finish(self, call: Call, shapes: Sequence[Shape | None]) -> list[Tensor]:
        """The output tensors of `call`: computed, held, or of a new node."""
        for t in call.ins:
            if t is not None and t.node >= 0:
                return self.emit(call, shapes)
        return self._compute(call, shapes) if call.ins else self.emit(call, shapes)

    def _compute(self, call: Call, shapes: Sequence[Shape | None]) -> list[Tensor]:
        """Outputs of an operator whose inputs are all held."""
        ins = call.ins
        # The statistics by which a weight is standardised are its own.
        sources = merge_sources(ins[:3] if call.op == "BatchNormalization" else ins)
        fold, first = FOLDS.get(call.op), shapes[0] if shapes else None
        if call.op == "Mul" and first is not None:
            x, y = call.tensor(0), call.tensor(1)
            if is_nothing(x, y) or is_nothing(y, x):
                return [filled(np.float32(0), first)]
        values = [t.value for t in ins if t is not None]
        if fold is not None and first is not None and all(v is not None for v in values):
            result = self._fold(call, fold, values, first)
            if result is not None:
                tensors = [uniform(r) for r in (result if isinstance(result, list) else [result])]
                for tensor in tensors:
                    tensor.sources = sources
                return tensors
        tensors = []
        for shape, dtype in zip(shapes, _dtypes(call.dtypes, call.ins, len(shapes)), strict=True):
            tensor = Tensor(shape, dtype, sources=sources)
            if sources and call.op in SELECTING and shape is not None and prod(shape) < tensor.learned:
                tensor.sources = learned_tensor(shape).sources  # a part of a weight holds no more than itself
            tensors.append(tensor)
        return tensors

    def _fold(self, call: Call, fold: Any, values: list[Any], out: Shape) -> Any:
        size = prod(out)
        try:
            if size > 1 and call.op in ELEMENTWISE and all(v.size == 1 or is_filled(v) for v in values):
                scalar = fold(call, [v[(0,) * v.ndim] for v in values], ())
                return None if scalar is None else filled(scalar, out).value
            largest = max(size, *[v.size for v in values])
            if largest > MAX_VALUE or self.computed + largest > MAX_COMPUTED:
                return None
            self.computed += largest
            return fold(call, values, out)
        except BROKEN:  # the types of the values do not allow the operation
            return None

    def emit(self, call: Call, shapes: Sequence[Shape | None], params: int = 0) -> list[Tensor]:
        """Append the node of `call`, see `place`."""
        outcome = Outcome(call.op, _packed(call), shapes, call.dtypes)
        return self.place(outcome, call.ins, call.names, params)

    def place(
        self, outcome: Outcome, ins: Sequence[Tensor | None], names: Sequence[str | None], params: int = 0
    ) -> list[Tensor]:
        """Append a node and, for further outputs that are used, `Output` nodes.

        Args:
            outcome: What the node is.
            ins: What it reads.
            names: Names of its outputs in the file: empty for one that is not used, `None` where there is no file.
            params: Learned scalars in it.
        """
        op, attrs, shapes, given = outcome
        slots, nodes = weight_slots(op), self.nodes
        inputs = []
        for i, t in enumerate(ins):
            if t is None:
                inputs.append(-1)
            elif t.node >= 0:
                inputs.append(t.node)
            else:
                slot = slots.get(i, "") if slots else ""
                idle = slot == "bias" and is_idle(t, ins[i - 1])
                inputs.append(-1 if idle else self.materialise(t, "weight" if slot == "bias" else slot))
        while inputs and inputs[-1] < 0:
            inputs.pop()
        first = shapes[0] if shapes and shapes[0] is not None else self._declared_shape(names[0] if names else None)
        node = len(nodes)
        nodes.append(Node(safe_name(op) if "::" in op else op, tuple(inputs), attrs, first, params))
        dtypes = _dtypes(given, ins, max(len(shapes), 1))
        tensors = [Tensor(first, dtypes[0], node)]
        for i in range(1, min(len(names), len(shapes))):
            shape, name = shapes[i], names[i]
            if name != "":
                shape = self._declared_shape(name) if shape is None else shape
                tensors.append(Tensor(shape, dtypes[i], len(nodes)))
                nodes.append(Node("Output", (node,), (("index", i),), shape))
            else:
                tensors.append(Tensor(shape, dtypes[i], node))
        return tensors

    def _declared_shape(self, name: str | None) -> Shape | None:
        """The shape of an output that no rule gives: as the file declares it, else unknown."""
        name = name or ""
        shape = self.declared(name) if self.before is None else self._divided(name)
        self.unknown += shape is None
        return shape

    def _divided(self, name: str) -> Shape | None:
        """At batch 1: the shape at the batch of the file, divided by it. Unknown operators treat examples alike."""
        then = self.before.get(name) if self.before is not None else None
        shape = None if then is None else then.shape
        return (shape[0] // self.batch, *shape[1:]) if shape and shape[0] % self.batch == 0 else shape

    def materialise(self, tensor: Tensor, slot: str = "") -> int:
        """Append a node for one reading of a held tensor.

        Args:
            tensor: The held tensor.
            slot: `weight` if the reader takes a learned tensor here, `buffer` if running statistics, `state` if what a
                recurrence starts from, which exporters write out although it is zero, `factor` if it multiplies,
                `target` if something is scattered into it or chosen from it, `affine` if the reader is a norm that
                cannot go without.
        """
        value, shape, dtype, sources = tensor.value, tensor.shape, tensor.dtype, tensor.sources
        params = sources[0][1] if len(sources) == 1 else tensor.learned
        self.unknown += shape is None
        if slot in ("factor", "target"):
            if slot == "factor" and not params and is_gate(tensor):  # open, as after training: its branch stays
                return self._append("Constant", (("dtype", dtype), ("value", (1.0,))), shape)
            if params and is_start(tensor, slot):
                return self._append("Constant", (("dtype", dtype), ("value", (0.0,))), shape)
            slot = ""
        if slot:
            dtype = "float"
            if slot in ("weight", "affine"):
                params = params or (0 if shape is None else prod(shape))
            elif slot == "buffer":
                params = 0
            elif value is None or is_zero(value):
                return self._append("Constant", (("dtype", dtype), ("value", (0.0,))), shape)
        elif value is not None and not params:
            if value.size == 1 or is_filled(value):
                number = _number(value.item(0), dtype)
                return self._append("Constant", (("dtype", dtype), ("value", (number,))), shape)
            if dtype != "float" and value.size <= 64:
                content = tuple([_number(v, dtype) for v in value.ravel().tolist()])
                return self._append("Constant", (("dtype", dtype), ("value", content)), shape)
        if params and dtype == "float" and (sources or slot != "affine"):
            self.learned.update(sources or ((tensor, params),))
        return self._append("Parameter", _DTYPE[dtype], shape, params if dtype == "float" else 0)

    def _append(self, op: str, attrs: Attrs, shape: Shape | None, params: int = 0) -> int:
        self.nodes.append(Node(op, (), attrs, shape, params))
        return len(self.nodes) - 1

    def warn(self, text: str) -> None:
        """Note a warning once."""
        self.warnings[text] = None


def _dtypes(given: tuple[str, ...], ins: Iterable[Tensor | None], count: int) -> tuple[str, ...]:
    """The types of `count` outputs: as the rule said, the last one repeated; else that of the first input."""
    if not given:
        for t in ins:
            if t is not None:
                return (t.dtype,) * count
        given = ("float",)
    return given[:count] if len(given) >= count else given + given[-1:] * (count - len(given))


def _packed(call: Call) -> Attrs:
    """The attributes of the node of `call`."""
    return tuple(sorted(plain(call.attrs).items())) if call.attrs else ()


def _check_shape(shape: Shape) -> None:
    if type(sum(shape)) is not int or min(shape) < 0 or max(shape) >= MAX_DIM or len(shape) > MAX_RANK:
        raise MisfitError(f"an operator would give a tensor of shape {str(shape)[:80]}")


def safe_name(name: str) -> str:
    """An operator name from a file, fit for messages and graphs."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "_", name)[:80]


def input_node(shape: Shape | None, dtype: str) -> Node:
    """A graph input."""
    return Node("Input", (), _DTYPE[dtype], shape)
