"""What the tests of all spaces need to know of ofa_mbv3."""

import json

SIZE: int | None = (9**2 + 9**3 + 9**4) ** 5

FULL = {"ks": [3] * 20, "e": [6] * 20, "d": [4] * 5}

BAD = [
    "", "{}", "[]", "null", "7", "[" * 100_000, '{"ks": 7, "e": [], "d": []}',
    *(json.dumps({**FULL, **wrong}) for wrong in (
        {"d": [2] * 4}, {"d": [1] * 5}, {"d": [5] * 5}, {"d": [True] * 5}, {"d": [[2]] * 5}, {"ks": [3] * 19},
        {"ks": [4] * 20}, {"ks": [3.0] * 20}, {"e": [6] * 21}, {"e": ["6"] * 20}, {"image_size": 160}, {"r": [160]},
        {"wid": 1}, {"wid": 224}, {"image_size": True}, {"width": 1},
    )),
]  # fmt: skip

ODD: list[str] = [
    json.dumps(FULL),
    json.dumps({"ks": [7] * 10, "e": [3] * 10, "d": [2] * 5}),
    json.dumps({**FULL, "d": [2, 3, 4, 3, 2], "r": [224], "wid": None}),
]

SMALL = {"resolution": 64}
"""Parameters of a space whose networks run in a moment."""

TOLERANCE = 2e-4
"""Of written networks: with random weights float32 strays by up to 1.2e-4 from float64 in one of 200."""
