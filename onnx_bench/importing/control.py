"""If, Loop, Scan: what is certain is inlined, everything else stays one operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from onnx_bench.errors import MalformedModelError
from onnx_bench.importing.call import Call, MisfitError, axis_of
from onnx_bench.importing.file_node import file_nodes
from onnx_bench.importing.scope import Scope
from onnx_bench.importing.tensor import Tensor, constant
from onnx_bench.node import Shape

if TYPE_CHECKING:
    from onnx_bench.importing.evaluator import Evaluator


MAX_UNROLLED = 1 << 12
"""What the loops of a file may come to when they are written out, in nodes that are read or made."""


def _results(e: Evaluator, body: onnx.GraphProto, ins: Sequence[Tensor | None]) -> list[Tensor]:
    """Evaluate a subgraph on its inputs, inside the present scope."""
    scope = Scope(e.scope)
    e.load(body, scope)
    for info, tensor in zip(body.input, ins, strict=False):
        scope[info.name] = tensor if tensor is not None else Tensor(None)
    e.run(file_nodes(body.node), scope)
    try:
        return [scope[o.name] for o in body.output]
    except KeyError as error:
        raise MalformedModelError("an output of a subgraph is computed by no node") from error


def _bodies(c: Call) -> list[onnx.GraphProto]:
    return [v for _, v in sorted(c.attrs.items()) if isinstance(v, onnx.GraphProto)]


def _read_names(graph: onnx.GraphProto) -> Iterator[str]:
    """Every name that nodes in `graph` and its subgraphs read, in order."""
    for node in graph.node:
        yield from node.input
        for a in node.attribute:
            if a.HasField("g"):
                yield from _read_names(a.g)
    for output in graph.output:
        yield output.name


def _opaque(e: Evaluator, c: Call, trials: Sequence[tuple[onnx.GraphProto, Sequence[Tensor | None]]]) -> list[Any]:
    """Keep `c` as one operator that reads what its subgraphs capture and holds their parameters.

    Returns:
        The outputs of each trial evaluation of a subgraph. Their nodes are not kept.
    """
    captured: dict[int, Tensor] = {}
    for body in _bodies(c):
        inside = {o for node in body.node for o in node.output} | {i.name for i in body.input}
        for name in _read_names(body):
            tensor = e.scope.find(name) if name not in inside else None
            if tensor is not None and tensor.node >= 0:
                captured[tensor.node] = tensor
    mark, unknown = len(e.nodes), e.unknown
    outputs = [_results(e, body, ins) for body, ins in trials]
    params = sum(n.params for n in e.nodes[mark:])
    del e.nodes[mark:]
    e.unknown = unknown
    e.warn(f"{c.op}: kept as one operator, its inside is not described")
    given = {t.node for t in c.ins if t is not None}
    c.ins += [t for node, t in captured.items() if node not in given and node < mark]
    return [outputs, params]


def _emit(e: Evaluator, c: Call, shapes: list[Shape | None], dtypes: list[str], params: int) -> list[Tensor]:
    c.dtypes = tuple(dtypes)
    return e.emit(c, (shapes + [None] * c.count)[: c.count], params)


def _agreed(a: Shape | None, b: Shape | None) -> Shape | None:
    return a if a == b else None


def if_(e: Evaluator, c: Call) -> list[Tensor]:
    """If: the branch of a known condition; else one operator whose shapes are those on which both branches agree."""
    condition = c.scalar(0)
    if condition is not None:
        return _results(e, c.attrs["then_branch" if condition else "else_branch"], ())
    branches = [c.attrs["then_branch"], c.attrs["else_branch"]]
    (then, other), params = _opaque(e, c, [(b, ()) for b in branches])
    shapes = [_agreed(a.shape, b.shape) for a, b in zip(then, other, strict=False)]
    return _emit(e, c, shapes, [a.dtype for a in then], params)


def _inside(tensor: Tensor | None, shape: Shape | None) -> Tensor:
    """A tensor that a body reads: of this shape, and not known before the loop runs."""
    return Tensor(shape, tensor.dtype if tensor is not None else "float", 0)


def _unrolled(e: Evaluator, c: Call) -> list[Tensor] | None:
    """What a loop that gathers tensors in a sequence carries out, turn by turn: `torch.tensor_split` is exported so.

    Returns:
        `None` where there is no sequence, the turns are not certain or there are too many; then nothing has changed.
    """
    body, turns, going = c.attrs["body"], c.scalar(0), c.scalar(1) if c.has(1) else True
    carried: list[Tensor | None] = c.ins[2:]
    if turns is None or going is None or len(body.output) != 1 + len(carried) or c.node is None:
        return None
    if all(t is None or t.items is None for t in carried):
        return None
    mark, unknown, seen, before, name = len(e.nodes), e.unknown, e.seen, e.before, ", ".join(c.node.outputs)
    turn = 0
    while certain := e.unrolled <= MAX_UNROLLED and going is not None:
        if turn >= turns or not going:
            break
        spent = e.steps + len(e.nodes)
        e.seen, e.before = seen.turn(name, turn), None if before is None else before.turn(name, turn)
        goes_on, *gathered = _results(e, body, [constant(np.array(turn)), constant(np.array(True)), *carried])
        going = None if goes_on.value is None else bool(goes_on.value.all())
        carried, turn = list(gathered), turn + 1
        e.unrolled += 1 + e.steps + len(e.nodes) - spent
    e.seen, e.before = seen, before
    if certain:
        return [Tensor(None) if t is None else t for t in carried]
    del e.nodes[mark:]
    e.unknown = unknown
    seen.forget(name)
    return None


def loop(e: Evaluator, c: Call) -> list[Tensor]:
    """Loop: written out where it gathers tensors in a sequence.

    Else carried tensors keep the shape that one turn keeps; scan outputs are stacked where turns are known.
    """
    if (gathered := _unrolled(e, c)) is not None:
        return gathered
    body = c.attrs["body"]
    carried = c.ins[2:]
    start = [_inside(t, t.shape if t is not None else None) for t in carried]
    (outs,), params = _opaque(e, c, [(body, [Tensor((), "int", 0), Tensor((), "bool", 0), *start])])
    turns = c.scalar(0)
    stays = len(outs) > 0 and outs[0].value is not None and outs[0].value.shape == () and bool(outs[0].value)
    known = turns is not None and stays and (not c.has(1) or bool(c.scalar(1)))
    shapes = [_agreed(s.shape, o.shape) for s, o in zip(start, outs[1:], strict=False)]
    count = int(turns) if known else None
    for out in outs[1 + len(start) :]:
        shapes.append(None if count is None or out.shape is None else (count, *out.shape))
    return _emit(e, c, shapes, [o.dtype for o in outs[1:]], params)


def scan(e: Evaluator, c: Call) -> list[Tensor]:
    """Scan: as Loop; the number of turns is the length of the scanned axis."""
    if c.opset < 9:  # with a batch axis and sequence lengths
        _, params = _opaque(e, c, [])
        return _emit(e, c, [], ["float"], params)
    body, scanned = c.attrs["body"], c.attrs["num_scan_inputs"]
    if not 0 <= scanned <= len(c.ins):
        raise MisfitError(f"Scan over {scanned} of {len(c.ins)} inputs")
    states = c.ins[: len(c.ins) - scanned]
    axes = c.attrs.get("scan_input_axes") or (0,) * scanned
    start, parts, turns = [_inside(t, t.shape if t is not None else None) for t in states], [], None
    for i, axis in enumerate(axes):
        x = c.shape(len(states) + i)
        place = axis_of(axis, len(x))
        turns = x[place]
        parts.append(_inside(c.tensor(len(states) + i), x[:place] + x[place + 1 :]))
    (outs,), params = _opaque(e, c, [(body, [*start, *parts])])
    shapes = [_agreed(s.shape, o.shape) for s, o in zip(start, outs, strict=False)]
    stacked = outs[len(start) :]
    out_axes = c.attrs.get("scan_output_axes") or (0,) * len(stacked)
    for out, axis in zip(stacked, out_axes, strict=False):
        if out.shape is None or turns is None:
            shapes.append(None)
            continue
        place = axis_of(axis, len(out.shape) + 1)
        shapes.append((*out.shape[:place], turns, *out.shape[place:]))
    return _emit(e, c, shapes, [o.dtype for o in outs], params)


def sequence_map(e: Evaluator, c: Call) -> list[Tensor]:
    """SequenceMap: one operator."""
    _, params = _opaque(e, c, [])
    return _emit(e, c, [], ["float"], params)


SPECIALS: dict[str, Callable[[Evaluator, Call], list[Tensor] | None]] = {
    "If": if_, "Loop": loop, "Scan": scan, "SequenceMap": sequence_map,
}  # fmt: skip
