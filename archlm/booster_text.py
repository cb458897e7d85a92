"""LightGBM models as text, checked before the library sees them.

LightGBM trusts its text format: edited child or feature indices crash `predict`, truncation aborts the process or gives
wrong numbers (microsoft/LightGBM issues 7357, 7437, 7438). So every index is checked here first.
"""

from __future__ import annotations

import lightgbm as lgb

from onnx_bench.errors import CheckpointError

_MOST_LEAVES = 4096


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
    _check(text, features, source)
    return lgb.Booster(model_str=text)


def _check(text: str, features: int, source: str) -> None:
    header, *trees = text.split("\nTree=")
    fields = _fields(header)
    if not header.startswith("tree\n") or fields.get("max_feature_idx") != str(features - 1):
        raise CheckpointError(f"{source} is not a LightGBM model of {features} features")
    if fields.get("num_tree_per_iteration") != "1" or not trees or not text.rstrip().endswith("end of trees"):
        raise CheckpointError(f"{source} is truncated or holds no plain regression trees")
    if len(fields.get("tree_sizes", "").split()) != len(trees):
        raise CheckpointError(f"{source} announces another number of trees than its {len(trees)}")
    for place, tree in enumerate(trees):
        if problem := _tree_problem(_fields(tree), features):
            raise CheckpointError(f"{source}, tree {place}: {problem}")


def _fields(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _tree_problem(fields: dict[str, str], features: int) -> str | None:
    try:
        leaves = int(fields["num_leaves"])
        values = [float(v) for v in fields["leaf_value"].split()]
        if fields["num_cat"] != "0" or fields.get("is_linear", "0") != "0":
            return "categorical and linear trees are not used here"
        if not 1 <= leaves <= _MOST_LEAVES or len(values) != leaves:
            return f"{leaves} leaves, {len(values)} values"
        if leaves == 1:
            return None
        numbers = ("split_feature", "left_child", "right_child")
        splits, left, right = ([int(v) for v in fields[k].split()] for k in numbers)
        others = (fields[k].split() for k in ("threshold", "decision_type"))
    except (KeyError, ValueError) as error:
        return f"unreadable ({error})"
    if {len(splits), len(left), len(right), *map(len, others)} != {leaves - 1}:
        return "its arrays differ in length"
    if not all(0 <= f < features for f in splits):
        return "a split reads a feature that does not exist"
    # Every inner node but the root, and every leaf, is the child of exactly one node that stands before it.
    children = sorted(left + right)
    if children != [*range(-leaves, 0), *range(1, leaves - 1)]:
        return "its children do not form a tree"
    if any(0 <= child <= parent for side in (left, right) for parent, child in enumerate(side)):
        return "its children do not form a tree"
    return None
