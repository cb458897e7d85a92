"""Scaled dot-product attention written out in products and a softmax."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf, prod

from onnx_bench.draft import Draft, DraftNode
from onnx_bench.node import Shape
from onnx_bench.passes.base import Pass, on
from onnx_bench.passes.values import constant, data, is_held, scalar, shape_of, tidy

NEVER = -1e4
"""A score no higher than this is masked."""
ROUNDING = 2e-3
"""Relative; what a scale loses in float16, and the square root of one twice."""
MAX_DEPTH = 8
"""Operators between the product and the softmax."""
MOVES = ("Reshape", "Transpose", "Slice")
"""Operators past which a factor of the queries or keys is looked for."""


@dataclass
class Scores:
    """softmax argument = factors * product + masks.

    Attributes:
        product: The MatMul of queries and transposed keys.
        factors: Constants behind the product, and learned factors, one for each head.
        masks: Terms that are added.
        filled: Pairs of a condition and, whether it holds where a score is kept.
    """

    product: DraftNode
    factors: list[DraftNode] = field(default_factory=list)
    masks: list[DraftNode] = field(default_factory=list)
    filled: list[tuple[DraftNode, bool]] = field(default_factory=list)


def is_for_heads(node: DraftNode) -> bool:
    """Whether `node` is learned and alike for all queries and keys."""
    return node.op == "Parameter" and node.shape is not None and node.shape[-2:] == (1, 1)


def read_scores(node: DraftNode, depth: int = MAX_DEPTH) -> Scores | None:
    """Take the argument of the softmax apart."""
    if len(node.users) != 1 or depth == 0:
        return None
    if node.op == "MatMul":
        return Scores(node)
    inputs = [i for i in node.inputs if i is not None]
    found = None
    if node.op == "Mul":
        factors = [i for i in inputs if scalar(i) is not None or is_for_heads(i)]
        rest = [i for i in inputs if i not in factors]
        found = read_scores(rest[0], depth - 1) if len(rest) == 1 else None
        if found is not None and not found.masks and not found.filled:
            found.factors += factors
            return found if found.product.shape == node.shape else None
    elif node.op == "Add":
        for term in inputs:
            found = None if is_held(term) or inputs.count(term) > 1 else read_scores(term, depth - 1)
            if found is not None and found.product.shape == node.shape:
                found.masks += [i for i in inputs if i is not term]
                return found
    elif node.op == "Where":
        condition, kept, other = inputs
        for term, fill, keeps in ((kept, other, True), (other, kept, False)):
            value = scalar(fill)
            found = read_scores(term, depth - 1) if value is not None and value <= NEVER else None
            if found is not None and found.product.shape == node.shape:
                found.filled.append((condition, keeps))
                return found
    return None


def find_factor(node: DraftNode | None, reader: DraftNode) -> tuple[DraftNode, float] | None:
    """The product with a scalar constant from which `node` is made by moves alone, and that constant.

    Everything up to it is read once.
    """
    current: DraftNode | None = node
    after = reader
    while current is not None and current.only_user is after:
        if current.op == "Mul":
            for factor in current.inputs:
                value = scalar(factor)
                if value is not None:
                    return current, value
            return None
        if current.op not in MOVES:
            return None
        after = current
        current = after.inputs[0]
    return None


def drop_factor(draft: Draft, product: DraftNode) -> None:
    """Take the scalar constant out of `product`."""
    rest = [i for i in product.inputs if scalar(i) is None]
    if len(rest) == 1 and rest[0] is not None:
        draft.replace(product, rest[0])
    else:
        draft.set_inputs(product, rest)


def is_causal(mask: DraftNode, length: int, keys: int) -> bool:
    """Whether `mask` is taken for the causal one: held by the network, alike for all heads, square."""
    shape = mask.shape
    if not is_held(mask) or shape is None or length < 2:
        return False
    return length == keys and shape[-2:] == (length, keys) and prod(shape) == length * keys


def rank_four(shape: Shape) -> Shape:
    """`shape` with leading axes of size 1 added or dropped towards rank 4."""
    while len(shape) > 4 and shape[0] == 1:
        shape = shape[1:]
    return (1,) * (4 - len(shape)) + shape


class FuseAttention(Pass):
    """Writes softmax(scale * q k^T + mask) v as one operator.

    1. The scale may stand behind the product, before it on queries, keys or both, and there also before reshapes,
       transposes and slices. A scale that is 1 / sqrt(D) up to rounding is exactly that, to 6 digits.
    2. Terms added to the scores, and scores filled with a large negative number, become one additive mask, which is
       minus infinity where it chooses between zero and such a number.
    3. A mask that the network holds (not computed from an input), the same for all heads, over as many queries as keys,
       is taken to be the causal mask whatever its values, for a file without weights does not tell them.
    4. A learned factor for each head behind the product stands before it, on the queries.
    5. Queries, keys and values have rank 4, [B, heads, L, D], the keys not transposed.
    6. v' w', with the weights w transposed, is the transpose of w v.
    7. Zeros in the place of weights that are no number are dropped: no query is without keys.
    """

    @on("Where")
    def drop_guard(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 7."""
        condition, zeros, weights = node.inputs
        if condition is None or weights is None or condition.op != "IsNaN" or condition.inputs[0] is not weights:
            return False
        if weights.op != "Softmax" or zeros is None or scalar(zeros) != 0 or weights.shape != node.shape:
            return False
        draft.replace(node, weights)
        return True

    @on("MatMul")
    def turn_round(self, draft: Draft, node: DraftNode) -> bool:
        """Rule 6."""
        value, turned = node.inputs
        if value is None or turned is None or turned.op != "Transpose" or turned.only_user is not node:
            return False
        weights, rank = turned.inputs[0], len(turned.shape or ())
        swap = (*range(rank - 2), rank - 1, rank - 2)
        if weights is None or weights.op != "Softmax" or rank < 2 or turned.attrs.get("perm") != swap:
            return False
        if value.shape is None or len(value.shape) != rank or weights.only_user is not turned:
            return False
        product = draft.add("MatMul", [weights, draft.add("Transpose", [value], perm=swap)])
        draft.become(node, "Transpose", [product], perm=swap)
        return True

    @on("MatMul")
    def fuse(self, draft: Draft, node: DraftNode) -> bool:
        """Rules 1 to 5."""
        weights, value = node.inputs
        if weights is None or value is None or weights.op != "Softmax" or weights.only_user is not node:
            return False
        argument, rank = weights.inputs[0], len(weights.shape or ())
        if rank < 2 or weights.attrs["axis"] not in (rank - 1, -1) or argument is None or node.shape is None:
            return False
        scores = read_scores(argument)
        if scores is None:
            return False
        operands = (*scores.product.inputs, value)
        if any(i is None or not i.shape or len(i.shape) != rank or 0 in i.shape for i in operands):
            return False
        scale = take_factors(draft, scores)
        query, keys = data(scores.product), data(scores.product, 1)
        assert query.shape is not None and keys.shape is not None
        length, count = query.shape[-2], keys.shape[-1]
        masks = [*(choice(draft, m) for m in scores.masks), *(filled_mask(draft, *pair) for pair in scores.filled)]
        others = [m for m in masks if not is_causal(m, length, count)]
        heads = [f for f in scores.factors if scalar(f) is None]
        if heads:
            query = draft.add("Mul", [query, *heads], query.shape)
        keys = draft.add("Transpose", [keys], perm=(*range(rank - 2), rank - 1, rank - 2))
        inputs = [lifted(draft, i) for i in (query, keys, value)]
        if others:
            inputs.append(lifted(draft, others[0] if len(others) == 1 else draft.add("Add", others)))
        fused = draft.add("Attention", inputs, scale=scale, causal=len(others) < len(masks))
        draft.become(node, "Reshape", [fused])
        return True


def take_factors(draft: Draft, scores: Scores) -> float:
    """The scale of the scores; factors before the product are taken out of the graph."""
    product = scores.product
    scale = prod(value for value in map(scalar, scores.factors) if value is not None)
    for _ in range(MAX_DEPTH):
        found = find_factor(product.inputs[0], product) or find_factor(product.inputs[1], product)
        if found is None:
            break
        drop_factor(draft, found[0])
        scale *= found[1]
    default = (shape_of(product) or (1,))[-1] ** -0.5
    return tidy(default if abs(scale / default - 1) < ROUNDING else scale)


def choice(draft: Draft, mask: DraftNode) -> DraftNode:
    """`mask`; one that chooses between zero and a large negative number is that of its condition."""
    if mask.op == "Where":
        condition, kept, other = mask.inputs
        for term, fill, keeps in ((kept, other, True), (other, kept, False)):
            value = scalar(fill)
            if condition is not None and scalar(term) == 0 and value is not None and value <= NEVER:
                return filled_mask(draft, condition, keeps)
    return mask


def filled_mask(draft: Draft, condition: DraftNode, keeps: bool) -> DraftNode:
    """The term that masks where `condition` is not (or is, without `keeps`)."""
    values = (0.0, -inf) if keeps else (-inf, 0.0)
    if is_held(condition):
        return draft.add("Parameter", (), condition.shape, params=0)
    return draft.add("Where", [condition, *(constant(draft, v) for v in values)], condition.shape)


def lifted(draft: Draft, node: DraftNode) -> DraftNode:
    """`node` with rank 4."""
    assert node.shape is not None
    shape = rank_four(node.shape)
    return node if shape == node.shape else draft.add("Reshape", [node], shape)
