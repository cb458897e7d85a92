"""What the tests of all spaces need to know of ofa_proxyless."""

import json

SIZE: int | None = 9 * (9**2 + 9**3 + 9**4) ** 5

FULL = {"ks": [3] * 21, "e": [6] * 21, "d": [4] * 5 + [1]}

BAD = [
    "", "{}", "[]", "[" * 100_000,
    *(json.dumps({**FULL, **wrong}) for wrong in (
        {"d": [4] * 5}, {"d": [4] * 5 + [0]}, {"d": [1] * 6}, {"ks": [3] * 20}, {"ks": [1] * 21}, {"e": [5] * 21},
    )),
]  # fmt: skip

ODD: list[str] = [
    json.dumps(FULL),
    json.dumps({"ks": [7] * 11, "e": [3] * 11, "d": [2] * 5 + [1]}),
    json.dumps({**FULL, "d": [3, 2, 4, 2, 3, 4]}),
]

SMALL = {"resolution": 64}
"""Parameters of a space whose networks run in a moment."""
