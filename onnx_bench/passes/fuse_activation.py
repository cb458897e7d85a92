"""Activation functions written out in arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import is_held, scalar, tidy

Values = list[Any]
POINTS: Values = [-6.0, -3.3, -2.4, -1.1, -0.35, 0.2, 0.9, 2.2, 3.4, 6.5]
"""Arguments at which functions are compared; they touch every piece of the piecewise linear ones."""
MAX_NODES = 24
"""Largest expression looked at."""
TOLERANCE = 3e-3
"""Relative; what constants rounded to float16 leave."""


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def gelu(x: float) -> float:
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def gelu_tanh(x: float) -> float:
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def hard_sigmoid(x: float, alpha: float = 1 / 6, beta: float = 0.5) -> float:
    return min(max(alpha * x + beta, 0.0), 1.0)


TARGETS: tuple[tuple[str, dict[str, Any], Callable[[float], float]], ...] = (
    ("Sigmoid", {}, sigmoid),
    ("Silu", {}, lambda x: x * sigmoid(x)),
    ("Gelu", {"approximate": "none"}, gelu),
    ("Gelu", {"approximate": "tanh"}, gelu_tanh),
    ("HardSwish", {}, lambda x: x * hard_sigmoid(x)),
    ("HardSigmoid", {"alpha": tidy(1 / 6), "beta": 0.5}, hard_sigmoid),
    ("HardSigmoid", {"alpha": 0.2, "beta": 0.5}, lambda x: hard_sigmoid(x, 0.2)),
    ("Mish", {}, lambda x: x * math.tanh(softplus(x))),
    ("Softplus", {}, softplus),
    ("Relu", {}, lambda x: max(x, 0.0)),
    ("Tanh", {}, math.tanh),
)
GELU_HALF = 0.5
"""The constant in GELU as it is written out: x * (1 + erf(x / sqrt(2))) is twice that."""
TABLE = [(op, attrs, [f(x) for x in POINTS]) for op, attrs, f in TARGETS]
"""Operators that are recognised, with their values at `POINTS`."""

UNARY: dict[str, Callable[[float], Any]] = {
    "Abs": abs, "Cosh": math.cosh, "Erf": math.erf, "Exp": math.exp, "Log": math.log, "Neg": lambda x: -x,
    "Not": lambda x: not x, "Reciprocal": lambda x: 1 / x, "Relu": lambda x: max(x, 0.0), "Sigmoid": sigmoid,
    "Silu": lambda x: x * sigmoid(x), "Sinh": math.sinh, "Softplus": softplus, "Sqrt": math.sqrt, "Tanh": math.tanh,
}  # fmt: skip
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "Div": lambda a, b: a / b, "Sub": lambda a, b: a - b, "Pow": lambda a, b: a**b, "Greater": lambda a, b: a > b,
    "GreaterOrEqual": lambda a, b: a >= b, "Less": lambda a, b: a < b, "LessOrEqual": lambda a, b: a <= b,
    "And": lambda a, b: a and b, "Or": lambda a, b: a or b,
}  # fmt: skip
VARIADIC: dict[str, Callable[[Sequence[Any]], Any]] = {"Add": sum, "Mul": math.prod, "Max": max, "Min": min}
WITH_ATTRS: dict[str, Callable[[float, dict[str, Any]], float]] = {
    "Clip": lambda x, a: min(max(x, a["min"]), a["max"]),
    "HardSigmoid": lambda x, a: hard_sigmoid(x, a.get("alpha", 1 / 6), a.get("beta", 0.5)),
    "LeakyRelu": lambda x, a: max(x, 0.0) + a.get("alpha", 0.01) * min(x, 0.0),
    "Elu": lambda x, a: x if x > 0 else a.get("alpha", 1.0) * math.expm1(x),
}
EVALUATED = frozenset((*UNARY, *BINARY, *VARIADIC, *WITH_ATTRS, "Where"))
CURVED = EVALUATED - {"Add", "Mul", "Sub", "Neg"}
_LAYERS = frozenset(("Conv", "ConvTranspose", "Linear"))


def evaluate(node: DraftNode, known: dict[DraftNode, Values]) -> Values | None:
    """Values of `node` at `POINTS` from those of its inputs; `None` where it is not defined."""
    columns = []
    for source in node.inputs:
        if source is None:
            return None
        value = scalar(source)
        columns.append(known[source] if value is None else [value] * len(POINTS))
    op = node.op
    try:
        if op in VARIADIC:
            return [VARIADIC[op](row) for row in zip(*columns, strict=True)]
        if op in UNARY:
            return [UNARY[op](x) for x in columns[0]]
        if op in BINARY:
            return [BINARY[op](a, b) for a, b in zip(columns[0], columns[1], strict=True)]
        if op in WITH_ATTRS:
            return [WITH_ATTRS[op](x, node.attrs) for x in columns[0]]
        return [b if a else c for a, b, c in zip(*columns, strict=True)]
    except (ArithmeticError, ValueError, TypeError, KeyError):
        return None


def expressions(root: DraftNode, reader: DraftNode | None = None) -> Iterator[tuple[DraftNode, list[DraftNode]]]:
    """Ways to see `root` as a function of one node: that node and the nodes between, readers before producers.

    All nodes but `root` are read only inside the expression and, if given, by `reader`. Constants are scalars.
    """
    inside: dict[DraftNode, None] = {root: None}
    if reader is not None:
        inside[reader] = None
    order = [root]
    frontier: dict[DraftNode, None] = {}
    node = root
    while True:
        for source in node.inputs:
            if source is None or (is_held(source) and scalar(source) is None):
                return
            if not is_held(source):
                if source.shape != root.shape:
                    return
                frontier[source] = None
        if len(frontier) == 1:
            yield next(iter(frontier)), order
        for node in frontier:
            if node.op in EVALUATED and all(user in inside for user in node.users):
                break
        else:
            return
        if len(order) >= MAX_NODES:
            return
        del frontier[node]
        inside[node] = None
        order.append(node)


def values_of(root: DraftNode, source: DraftNode, order: Sequence[DraftNode]) -> Values | None:
    """The expression `order` evaluated with `source` at `POINTS`."""
    known = {source: POINTS}
    for node in reversed(order):
        values = evaluate(node, known)
        if values is None:
            return None
        known[node] = values
    return known[root]


def recognise(values: Values) -> tuple[str, dict[str, Any]] | None:
    """The operator with these values at `POINTS`."""
    best = None
    least = TOLERANCE
    for op, attrs, expected in TABLE:
        worst = 0.0
        for got, wanted in zip(values, expected, strict=True):
            error = abs(got - wanted) / (1 + abs(wanted))
            if not error < least:  # not a number is no match
                break
            worst = max(worst, error)
        else:
            best, least = (op, attrs), worst
    return best


def _feeds_layers(node: DraftNode) -> bool:
    """Whether all that reads `node` are layers that own their weights."""
    return all(user.op in _LAYERS and len(user.inputs) == 1 for user in node.users)


class FuseActivation(Pass):
    """Writes an activation function as one operator, whatever arithmetic it was exported as.

    1. A product of x, f(x) and a constant that is a known activation of x, or of f(x) and a constant, becomes that
       operator; other factors of the product stay. GELU takes only its half of a constant: networks
       without norms scale their activations. Where layers with weights alone read the product, GELU may lack its
       half: simplifiers move it into their weights.
    2. Any other expression of one node x and scalar constants that is a known activation of x becomes that operator.

    "Is" means equal values at ten points, so no list of spellings has to be kept: erf and tanh forms of GELU,
    clip(x + 3, 0, 6) / 6, x / (1 + exp(-x)), log(1 + exp(x)), thresholded softplus and so on.
    """

    @on("Mul")
    def fuse_factors(self, draft: Draft, node: DraftNode) -> bool:
        factors = [i for i in node.inputs if i is not None]
        constant = next((i for i in factors if scalar(i) is not None), None)
        scale = 1.0 if constant is None else scalar(constant)
        assert scale is not None
        for factor in factors:
            if factor.op not in EVALUATED or factor.only_user is not node:
                continue
            for source, order in expressions(factor, node):
                if not any(n.op in CURVED for n in order):
                    continue
                values = values_of(factor, source, order)
                if values is None:
                    continue
                used = [factor] if constant is None else [factor, constant]
                if source in factors and source is not factor:
                    products = [v * x for v, x in zip(values, POINTS, strict=True)]
                    found = recognise([scale * p for p in products])
                    if found is None and (constant is not None or _feeds_layers(node)):
                        found = recognise([GELU_HALF * p for p in products])
                        if found is not None and found[0] == "Gelu":
                            if constant is not None:
                                self.take_half(draft, node, constant, scale)
                            self.put(draft, node, found, source, [factor, source])
                            return True
                        found = None
                    used = [*used, source]
                elif constant is None:
                    found = None  # the factor alone is rule 2's
                else:
                    found = recognise([scale * v for v in values])
                if found is not None:
                    self.put(draft, node, found, source, used)
                    return True
        return False

    @staticmethod
    def take_half(draft: Draft, product: DraftNode, constant: DraftNode, scale: float) -> None:
        """Leave of the constant factor of `product` what is not GELU's own."""
        rest = list(product.inputs)
        rest.remove(constant)
        own = draft.add("Constant", (), (), value=(tidy(scale / GELU_HALF),), dtype="float")
        draft.set_inputs(product, [*rest, own])

    @staticmethod
    def put(
        draft: Draft, product: DraftNode, found: tuple[str, dict[str, Any]], source: DraftNode, used: list[DraftNode],
    ) -> None:  # fmt: skip
        """Replace the factors `used` of `product`, each once, by the operator found."""
        rest = list(product.inputs)
        for each in used:
            rest.remove(each)
        op, attrs = found
        if rest:
            draft.set_inputs(product, [draft.add(op, [source], source.shape, **attrs), *rest])
        else:
            draft.become(product, op, [source], **attrs)

    @on("Add", "Clip", "Div", "Log", "Max", "Min", "Mul", "Reciprocal", "Where")
    def fuse_expression(self, draft: Draft, node: DraftNode) -> bool:
        for source, order in expressions(node):
            if not any(n.op in CURVED for n in order):
                continue
            values = values_of(node, source, order)
            found = None if values is None else recognise(values)
            if found is not None:
                draft.become(node, found[0], [source], **found[1])
                return True
        return False

    @on("Div")
    def fuse_divisor(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 1 for a factor that is written as division by its inverse."""
        numerator, divisor = node.inputs
        if numerator is None or divisor is None or divisor.only_user is not node or divisor.op not in EVALUATED:
            return False
        for source, order in expressions(divisor, node):
            if not any(n.op in CURVED for n in order):
                continue
            values = values_of(divisor, source, order)
            if values is None or 0 in values:
                continue
            found = recognise([1 / v for v in values])
            if found is not None:
                factor = draft.add(found[0], [source], source.shape, **found[1])
                draft.become(node, "Mul", [numerator, factor])
                return True
        return False

    @on("HardSigmoid")
    def round_slope(self, draft: Draft, node: DraftNode) -> bool:
        """3. The attributes of HardSigmoid have 6 significant digits."""
        exact = {"alpha": node.attrs.get("alpha", 1 / 6), "beta": node.attrs.get("beta", 0.5)}
        rounded = {name: tidy(value) for name, value in exact.items()}
        changed = rounded != node.attrs
        node.attrs.update(rounded)
        return changed
