"""What the tests of all spaces need to know of rnn."""

import json

from tests.onnx_bench.spaces.cases import NO_OBJECT

SIZE: int | None = None

SMALL = {"embedding": 8, "hidden": 12}
"""A skeleton to compute with: the full one has twenty million weights."""

SHRINKS = False
"""1 - x is one operator as trained, a product and a sum in the canonical form."""

SHARED = 33_278 * 400
"""Parameters of the embedding that the decoder shares, which the canonical form counts for both."""


def own_inputs(arch: str) -> list[tuple[int, ...]]:
    """Shapes of the inputs beyond those of the head: the old states, whose number lies in the architecture."""
    states = sum(name in json.loads(arch) for name in ("h_new_0", "h_new_1", "h_new_2"))
    return [(1, 1, width) for width in (600, 600, 400) for _ in range(states)]


def _recipe(**steps: tuple[str, list[str]]) -> str:
    return json.dumps({name: {"op": op, "input": inputs} for name, (op, inputs) in steps.items()})


_LINEAR = ("linear", ["x", "h_prev_0"])

BAD = [
    *NO_OBJECT,
    '{"h_new_0": 7}',
    '{"h_new_0": {"op": "linear"}}',
    '{"h_new_0": {"op": ["linear"], "input": ["x", "h_prev_0"]}}',
    '{"h_new_0": {"op": "linear", "input": "x"}}',
    '{"h_new_0": {"op": "linear", "input": ["x", 0]}}',
    _recipe(f=_LINEAR),  # no state
    _recipe(h_new_1=_LINEAR),
    _recipe(h_new_0=_LINEAR, h_new_2=_LINEAR),
    _recipe(**{f"h_new_{i}": ("linear", ["x", f"h_prev_{i}"]) for i in range(4)}),
    _recipe(h_new_0=("linear", ["x"])),
    _recipe(h_new_0=("linear", ["x", "x"])),
    _recipe(h_new_0=("linear", ["x", "h_prev_1"])),
    _recipe(h_new_0=("convolution", ["x", "h_prev_0"])),
    _recipe(h_new_0=("elementwise_sum", ["x", "h_prev_0"])),  # x has another width
    _recipe(h_new_0=("activation_tanh", ["h_prev_0"])),  # x is not read
    _recipe(h_new_0=_LINEAR, f=_LINEAR),  # f leads nowhere
    _recipe(h_new_0=("linear", ["x", "h_prev_0", "f"]), f=("activation_tanh", ["h_new_0"])),  # a cycle
    _recipe(h_new_0=("linear", ["x", "h_prev_0", "h_new_0"])),
    _recipe(x=_LINEAR, h_new_0=_LINEAR),
    _recipe(h_prev_0=_LINEAR, h_new_0=_LINEAR),
]

ODD: list[str] = [
    _recipe(f=_LINEAR, h_new_0=("activation_tanh", ["f"])),
    _recipe(h_new_0=_LINEAR),
    # steps in reverse order, and a SiLU in two steps
    _recipe(h_new_0=("elementwise_prod", ["s", "f"]), s=("activation_sigm", ["f"]), f=_LINEAR),
    # GRU
    _recipe(
        r=_LINEAR, r_act=("activation_sigm", ["r"]), z=_LINEAR, z_act=("activation_sigm", ["z"]),
        rh=("elementwise_prod", ["r_act", "h_prev_0"]), new=("linear", ["x", "rh"]),
        new_act=("activation_tanh", ["new"]), h_new_0=("blend", ["z_act", "h_prev_0", "new_act"]),
    ),
    # the first state is a step on the way to the second
    _recipe(f=_LINEAR, h_new_0=("activation_tanh", ["f"]), h_new_1=("elementwise_sum", ["h_new_0", "h_prev_1"])),
    # two states are one value
    _recipe(
        f=("linear", ["x", "h_prev_0", "h_prev_1"]), h_new_0=("activation_sigm", ["f"]),
        h_new_1=("activation_sigm", ["f"]),
    ),
    # nested sums and products, and a sum that is part of another
    _recipe(
        f=("linear", ["h_prev_0", "x"]), g=("elementwise_sum", ["f", "h_prev_1"]),
        h_new_0=("elementwise_sum", ["g", "h_prev_0"]), p=("elementwise_prod", ["h_prev_0", "h_prev_1"]),
        q=("elementwise_prod", ["p", "f"]), h_new_1=("blend", ["q", "h_prev_1", "g"]),
        h_new_2=("linear", ["h_prev_2", "h_new_1", "x"]),
    ),
]  # fmt: skip

LEADING = (1, 1)
"""Axes of the output before the vocabulary: step and batch."""
