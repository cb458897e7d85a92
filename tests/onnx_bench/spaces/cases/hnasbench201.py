"""What the tests of all spaces need to know of hnasbench201."""

from itertools import product


def _size() -> int:
    """The grammar by hand; 29 operations and `zero` on the edges 01 02 12 03 13 23 of a cell."""
    cell = sum(
        29 ** sum(edges)
        for edges in product((False, True), repeat=6)
        for a, b, c, d, e, f in [edges]
        if d or (a and e) or (b and f) or (a and c and f)
    )
    chain, down = cell**2 + 2 * cell**3, 2 * cell + cell**2
    last = chain**2 * cell + chain**3 * cell + chain**2 * cell**2
    first = chain**2 * down + chain**3 * down + chain**2 * down**2
    return 2 * first**2 * last + first**2 * last**2


SIZE: int | None = _size()

_BLOCK = "Linear1 (CONVBLOCK Linear3 (ACT {}) (CONV {}) (NORM {}))"
_WORDS = {
    "i": "id",
    "z": "zero",
    "p": "avg_pool",
    "b": _BLOCK.format("relu", "conv3x3o", "batch"),
    "d": _BLOCK.format("mish", "dconv3x3o", "batch"),
    "l": _BLOCK.format("hardswish", "conv1x1o", "layer"),
    "n": _BLOCK.format("relu", "conv1x1o", "instance"),
}


def _cell(code: str) -> str:
    """A cell from the letters of its six edges."""
    return f"(CELL Cell {' '.join(f'(OPS {_WORDS[letter]})' for letter in code)})"


def _network(first: str, second: str, third: str, residual: bool = False) -> str:
    """The stages D1, D1, D0 made of one cell each, in line or with all the residual topologies."""
    parts = []
    for cell, down in ((first, True), (second, True), (third, False)):
        cells = f"Residual2 {' '.join([cell] * 3)}" if residual else f"Linear2 {cell} {cell}"
        end = cell
        if down:
            end = f"(DOWN Residual2 {cell} resBlock resBlock)" if residual else f"(DOWN Linear2 {cell} resBlock)"
        form = (
            f"Residual3 (C {cells}) (C {cells}) {end} {end}" if residual else f"Linear3 (C {cells}) (C {cells}) {end}"
        )
        parts.append(f"({'D1' if down else 'D0'} {form})")
    return f"(D2 Linear3 {' '.join(parts)})"


_PLAIN = _network(*[_cell("bzzbzi")] * 3)

BAD = [
    "",
    "(",
    ")",
    "D2",
    "(D2)",
    "((D2))",
    "(" * 100_000,
    "(D2 " * 150 + ")" * 150,
    _cell("iiiiii"),
    _PLAIN + ")",
    _PLAIN + _PLAIN,
    _PLAIN.replace("relu", "gelu"),
    _PLAIN.replace("Linear2", "Diamond2"),
    _PLAIN.replace("(OPS id)", "id"),
    _network(_cell("zzzzzz"), _cell("bzzbzi"), _cell("bzzbzi")),  # no path
    _network(_cell("bzzbzi"), _cell("bbzzzb").replace("id", "zero"), _cell("zbbzzz")),  # no path, with convolutions
]

ODD: list[str] = [
    _PLAIN,
    _network(*[_cell("izzizz")] * 3),  # cells that do nothing
    _network(*[_cell("izzizz")] * 3, residual=True),  # x + x + ...
    _network(*[_cell("iiiiii")] * 3),
    _network(*[_cell("iiiiii")] * 3, residual=True),  # 4 x + 4 x
    _network(*[_cell("ppipip")] * 3, residual=True),  # equal pools
    _network(*[_cell("pzziiz")] * 3, residual=True),
    _network(*[_cell("zzzbzz")] * 3),  # one convolution; the last one before the head's norm
    _network(*[_cell("bbzdzz")] * 3),  # dead edges
    _network(_cell("zbbdlz"), _cell("nliidb"), _cell("lnpzip"), residual=True),
    _network(_cell("zlzdzb"), _cell("nzbizl"), _cell("zzzlzz")),  # the last operation a layer norm
]
