"""What the tests of all spaces need to know of mnasnet."""

SIZE: int | None = 36**6 * 48

BAD = ["", "{}", "[]", "null", "[" * 100_000, '{"block0_e": 6}']

ODD: list[str] = []
