"""What the tests of all spaces need to know of nasbench_graph."""

from tests.onnx_bench.spaces.cases import NO_OBJECT

SIZE: int | None = 26_206

BAD = [
    *NO_OBJECT,
    '{"link": [0, 0, 0, 0]}',
    '{"link": [0, 0, 0], "ops": ["gat", "gat", "gat"]}',
    '{"link": [0, 2, 0, 0], "ops": ["gat", "gat", "gat", "gat"]}',
    '{"link": [0, -1, 0, 0], "ops": ["gat", "gat", "gat", "gat"]}',
    '{"link": [0, true, 0, 0], "ops": ["gat", "gat", "gat", "gat"]}',
    '{"link": [0, 0, 0, 0], "ops": ["gat", "gat", "gat", "conv"]}',
    '{"link": [0, 0, 0, 0], "ops": ["gat", "gat", "gat", ["gat"]]}',
    '{"link": [0, 0, 0, 0], "ops": ["gat", "gat", "gat", "gat"], "hidden": 64}',
    '{"link": [0, 1, 1, 2], "ops": ["skip", "skip", "skip", "skip"]}',
]

ODD: list[str] = [
    # no message is passed
    '{"link": [0, 1, 2, 3], "ops": ["skip", "skip", "skip", "fc"]}',
    # a layer whose batch norm folds, and one that two nodes read
    '{"link": [0, 1, 2, 3], "ops": ["fc", "fc", "gin", "fc"]}',
    '{"link": [0, 1, 1, 2], "ops": ["fc", "gin", "skip", "fc"]}',
    # equal layers on one input
    '{"link": [0, 0, 0, 0], "ops": ["gin", "gin", "gin", "gin"]}',
    '{"link": [0, 0, 0, 0], "ops": ["gcn", "gcn", "cheb", "cheb"]}',
    '{"link": [0, 0, 0, 0], "ops": ["gat", "gat", "sage", "sage"]}',
    '{"link": [0, 0, 0, 0], "ops": ["cheb", "sage", "arma", "graph"]}',
    # a ReLU before the head's ReLU
    '{"link": [0, 1, 2, 3], "ops": ["arma", "arma", "arma", "arma"]}',
    # the same tensor brought out twice
    '{"link": [0, 1, 1, 1], "ops": ["gcn", "gat", "skip", "skip"]}',
]

LEADING = (128,)
"""Axes of the output before the classes: one row for each node of the graph."""
