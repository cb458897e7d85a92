"""What the tests of all spaces need to know of darts."""

SIZE: int | None = (1 * 3 * 6 * 10 * 7**8) ** 2


def _genotype(normal: str, reduce: str, concat: str = "[2, 3, 4, 5]") -> str:
    """A genotype from words such as `skip0`, an operation's first letters and its state."""
    names = {"max": "max_pool_3x3", "avg": "avg_pool_3x3", "skip": "skip_connect", "sep": "sep_conv_3x3",
             "wide": "sep_conv_5x5", "dil": "dil_conv_3x3", "far": "dil_conv_5x5", "none": "none"}  # fmt: skip
    cells = [", ".join(f"({names[w[:-1]]!r}, {w[-1]})" for w in words.split()) for words in (normal, reduce)]
    return f"Genotype(normal=[{cells[0]}], normal_concat={concat}, reduce=[{cells[1]}], reduce_concat={concat})"


DARTS_V2 = _genotype("sep0 sep1 sep0 sep1 sep1 skip0 skip0 dil2", "max0 max1 skip2 max1 max0 skip2 skip2 max1")
_SKIPS = "skip0 skip1 skip0 skip1 skip0 skip1 skip0 skip1"

BAD = [
    "",
    "Genotype()",
    "[" * 100_000,
    "__import__('os').getcwd()",
    DARTS_V2.replace("reduce_concat", "concat"),
    DARTS_V2.replace("('skip_connect', 0), ('dil_conv_3x3', 2)]", "]"),
    DARTS_V2 + "\nx",
    _genotype(_SKIPS, _SKIPS.replace("skip0", "none0")),
    _genotype(_SKIPS, _SKIPS.replace("skip0", "skip1")),
    _genotype(_SKIPS, _SKIPS.replace("skip1", "skip4")),
    _genotype(_SKIPS, _SKIPS, "[]"),
    _genotype(_SKIPS, _SKIPS, "[5, 4]"),
    _genotype(_SKIPS, _SKIPS, "[1, 2]"),
]

ODD: list[str] = [
    DARTS_V2,
    _genotype(_SKIPS, _SKIPS),  # four times the same sum
    _genotype(_SKIPS, _SKIPS, "range(2, 6)"),
    _genotype("skip0 skip1 skip0 skip2 skip2 skip3 skip3 skip4", _SKIPS),  # sums of sums
    _genotype("max0 max1 max0 max1 avg2 skip3 skip2 avg3", "avg0 skip1 avg0 skip1 max2 max3 max2 max3"),  # equal nodes
    _genotype("sep0 far1 wide0 dil2 dil1 far3 sep2 skip4", _SKIPS, "[4, 5]"),  # loose ends
    _genotype("sep0 sep1 sep0 sep1 skip0 skip1 skip0 sep1", "max0 skip1 sep0 dil1 sep0 sep2 max0 max1", "[5]"),  # dead
    _genotype("sep0 sep1 sep0 skip2 skip0 skip1 skip3 dil2", "max0 skip1 sep0 dil1 sep0 sep2 max0 max1", "[2]"),
]
