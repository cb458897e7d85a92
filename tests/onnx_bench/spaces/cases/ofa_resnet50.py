"""What the tests of all spaces need to know of ofa_resnet50."""

import json

SIZE: int | None = 2 * 3**6 * (3**2 + 3**3 + 3**4) ** 3 * (3**4 + 3**5 + 3**6)

FULL = {"d": [2] * 5, "e": [0.35] * 18, "w": [2] * 6}

BAD = [
    "", "{}", "[]", "[" * 100_000,
    *(json.dumps({**FULL, **wrong}) for wrong in (
        {"d": [2] * 4}, {"d": [1, 2, 2, 2, 2]}, {"d": [2, 3, 2, 2, 2]}, {"e": [0.35] * 17}, {"e": [0.3] * 18},
        {"e": [1] * 18}, {"w": [2] * 5}, {"w": [3] * 6}, {"w": [0.65] * 6}, {"image_size": 128},
    )),
]  # fmt: skip

ODD: list[str] = [
    json.dumps(FULL),
    json.dumps({"d": [0] * 5, "e": [0.2] * 10, "w": [0] * 6}),
    json.dumps({**FULL, "d": [0, 1, 2, 0, 1], "w": [0, 1, 2, 0, 1, 2], "image_size": 224}),
]

SMALL = {"resolution": 64}
"""Parameters of a space whose networks run in a moment."""
