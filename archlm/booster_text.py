"""LightGBM models as text, checked before the library sees them.

LightGBM trusts its text format: edited child or feature indices crash `predict`, truncation or a wrong `tree_sizes`
aborts the process or gives wrong numbers (microsoft/LightGBM issues 7357, 7437, 7438). So it is given no more than what
was checked here: known keys, each once, numbers that fit together, and no byte offsets.
"""

from __future__ import annotations

from math import isfinite

import lightgbm as lgb

from onnx_bench.errors import CheckpointError

_MOST_LEAVES = 4096
_HEADER = {
    "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "feature_names",
    "feature_infos", "tree_sizes",
}  # fmt: skip
_FIXED = {"num_class": "1", "num_tree_per_iteration": "1", "objective": "regression"}
_SPLITS = (
    "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child", "internal_value",
    "internal_weight", "internal_count",
)  # fmt: skip
"""One number for each inner node."""
_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
"""One number for each leaf; a tree of one leaf has its value alone."""
_TREE = {"num_leaves", "num_cat", "is_linear", "shrinkage", *_SPLITS, *_LEAVES}
_NUMERIC_DECISIONS = {0, 2, 4, 6, 8, 10}
"""Bits of `decision_type`: 1 a categorical split, 2 a missing value goes left, 4 it is written as zero, 8 as NaN."""
_END = "end of trees"


def write_booster(booster: lgb.Booster) -> str:
    """The model as text, without the training parameters, which name no part of it."""
    text: str = booster.model_to_string()
    return text.split("\nfeature_importances:", 1)[0] + "\n"


def read_booster(text: str, features: int, source: str) -> lgb.Booster:
    """A booster from text that was checked.

    Args:
        text: As `write_booster` made it.
        features: How many features the model may read.
        source: Names the text in errors.

    Raises:
        CheckpointError: The text is truncated or inconsistent.
    """
    try:
        return lgb.Booster(model_str=_checked(text, features, source))
    except lgb.basic.LightGBMError as error:
        raise CheckpointError(f"{source} is no model that LightGBM can read: {error}") from error


def _checked(text: str, features: int, source: str) -> str:
    """The model without `tree_sizes`: those are byte offsets, without which LightGBM reads tree after tree."""
    start, *trees = text.rstrip("\n").removesuffix(_END).split("\nTree=")
    header = _fields(start.removeprefix("tree\n"), _HEADER)
    plain = text.isascii() and text.replace("\n", "").isprintable()  # other characters end a line, or the text
    if not plain or not start.startswith("tree\n") or not header or header["max_feature_idx"] != str(features - 1):
        raise CheckpointError(f"{source} is not a LightGBM model of {features} features")
    if not trees or not text.rstrip("\n").endswith("\n" + _END) or not _FIXED.items() <= header.items():
        raise CheckpointError(f"{source} is truncated or holds no plain regression trees")
    if len(header.pop("tree_sizes").split()) != len(trees):
        raise CheckpointError(f"{source} announces another number of trees than its {len(trees)}")
    for place, tree in enumerate(trees):
        number, _, body = tree.partition("\n")
        if problem := _tree_problem(body, features) if number == str(place) else "it is not where it belongs":
            raise CheckpointError(f"{source}, tree {place}: {problem}")
    lines = (f"{key}={value}" for key, value in header.items())
    return "\n".join(["tree", *lines, "", *(f"Tree={tree}" for tree in trees)]) + _END + "\n"


def _fields(block: str, keys: set[str]) -> dict[str, str] | None:
    """The lines `key=value` of a block; `None` unless each of `keys`, and nothing else, stands there once."""
    pairs = [line.split("=", 1) for line in block.strip("\n").split("\n")]
    fields = {pair[0]: pair[-1] for pair in pairs}
    return fields if len(pairs) == len(fields) and fields.keys() == keys else None


def _tree_problem(block: str, features: int) -> str | None:
    fields = _fields(block, _TREE)
    if fields is None:
        return "its lines are not those of a tree"
    if fields["num_cat"] != "0" or fields["is_linear"] != "0":
        return "categorical and linear trees are not used here"
    try:
        leaves = _whole(fields["num_leaves"])[0]
        splits, decisions, left, right = (
            _whole(fields[key]) for key in ("split_feature", "decision_type", "left_child", "right_child")
        )
        reals = [float(number) for key in ("leaf_value", "threshold", "shrinkage") for number in fields[key].split()]
    except (IndexError, ValueError) as error:
        return f"unreadable ({error})"
    if not 1 <= leaves <= _MOST_LEAVES:
        return f"it has {leaves} leaves; the limit is {_MOST_LEAVES}"
    for keys, length in ((_SPLITS, leaves - 1), (_LEAVES if leaves > 1 else _LEAVES[:1], leaves)):
        if {len(fields[key].split()) for key in keys} != {length}:
            return f"its arrays differ in length: {', '.join(keys)} of {leaves} leaves"
    if not all(map(isfinite, reals)):
        return "a number is not finite"
    if not _NUMERIC_DECISIONS.issuperset(decisions):
        return "a split is no comparison of numbers"
    if not all(0 <= feature < features for feature in splits):
        return "a split reads a feature that does not exist"
    if leaves == 1:
        return None
    # Every inner node but the root, and every leaf, is the child of exactly one node that stands before it.
    if sorted(left + right) != [*range(-leaves, 0), *range(1, leaves - 1)]:
        return "its children do not form a tree"
    if any(0 <= child <= parent for side in (left, right) for parent, child in enumerate(side)):
        return "its children do not form a tree"
    return None


def _whole(text: str) -> list[int]:
    if "_" in text:  # for Python a part of a number, for LightGBM its end
        raise ValueError(f"{text!r:.80} is no list of whole numbers")
    return [int(number) for number in text.split()]
