"""What the tests of all spaces need to know of pit."""

from tests.onnx_bench.spaces.cases import NO_OBJECT

SIZE: int | None = 4 * 4 * 27 * 10


def _arch(base: str = "16", ratio: str = "4", depth: str = "[1, 4, 2]", heads: str = "[2, 2, 2]") -> str:
    return f'{{"base_dim": {base}, "mlp_ratio": {ratio}, "depth": {depth}, "num_heads": {heads}}}'


BAD = [
    *NO_OBJECT,
    _arch(base="48"),
    _arch(ratio="3"),
    _arch(ratio="null"),
    _arch(depth="[1, 4]"),
    _arch(depth="[4, 4, 4]"),
    _arch(depth="[true, 4, 2]"),
    _arch(depth="2"),
    _arch(heads="[4, 2, 2]"),
    _arch(heads="[2, 2]"),
    _arch(heads='"222"'),
]

ODD: list[str] = [_arch(), _arch(base="40", ratio="8", depth="[3, 8, 6]", heads="[8, 8, 8]"), _arch(heads="[2, 8, 8]")]
