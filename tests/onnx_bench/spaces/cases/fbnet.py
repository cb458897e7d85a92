"""What the tests of all spaces need to know of fbnet."""

import json

SIZE: int | None = 9**22

BAD = [
    "", "{}", "[]", "7", "[" * 100_000,
    *(json.dumps(layers) for layers in (
        [0] * 21, [0] * 23, [9] * 22, [-1] * 22, [1.0] * 22, [True] * 22, ["k7_e6"] * 22, [["skip"]] * 22,
        ["skip "] * 22,
    )),
]  # fmt: skip

ODD: list[str] = [
    json.dumps(["skip"] * 22),
    json.dumps(list(range(9)) * 2 + [1, 5, 8, 1]),
    json.dumps([1] * 22),
    json.dumps(["skip", *["k5_e1_g2", "skip", "skip", "k5_e1_g2"] * 5, "k5_e6"]),
]
