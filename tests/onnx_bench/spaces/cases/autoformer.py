"""What the tests of all spaces need to know of autoformer."""

from tests.onnx_bench.spaces.cases import NO_OBJECT

SIZE: int | None = 3 * (4**12 + 4**13 + 4**14)


def _arch(hidden: str = "192", ratio: str = "3.5", depth: str = "12", heads: str = "4", number: int = 12) -> str:
    ratios, counts = ", ".join([ratio] * number), ", ".join([heads] * number)
    return f'{{"hidden_dim": {hidden}, "mlp_ratio": [{ratios}], "depth": {depth}, "num_heads": [{counts}]}}'


BAD = [
    *NO_OBJECT,
    '{"hidden_dim": 192}',
    _arch(hidden="256"),
    _arch(hidden="[192]"),
    _arch(depth="13"),
    _arch(depth="true"),
    _arch(ratio="3"),
    _arch(heads='"4"'),
    _arch(heads="true"),
    _arch(depth="11", number=11),
    _arch().replace('"depth"', '"Depth"'),
    _arch().replace("[3.5", "3.5, [", 1),
]

ODD: list[str] = [_arch(), _arch(hidden="240", ratio="4.0", heads="3", depth="14", number=14)]
