"""What the tests of all spaces need to know of transnas_macro."""

SIZE: int | None = 3_256

BAD = [
    "",
    "64-1111-basic",
    "64-444-basic",
    "64-4444444-basic",
    "64-4444-basic",
    "64-1235-basic",
    "64-11112-1_11_111",
    "64-11112-basic",
]

ODD: list[str] = ["64-111114-basic", "64-4441-basic", "64-231111-basic"]
