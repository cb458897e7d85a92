"""What the tests of all spaces need to know of bert."""

from tests.onnx_bench.spaces.cases import NO_OBJECT

SIZE: int | None = 2 * (6**2 + 6**4)

_LAYER = '{"attention": "SDP", "heads": 2, "ffn_dims": [1024]}'
_STACK = '{"attention": "SDP", "heads": 4, "ffn_dims": [1024, 512, 512]}'


def _arch(*layers: str, hidden: str = "128") -> str:
    return f'{{"hidden_size": {hidden}, "layers": [{", ".join(layers)}]}}'


def _published(operation: str, parameter: str, width: int = 512, number: int = 3) -> str:
    return (
        f'{{"operation_type": "{operation}", "operation_parameter": {parameter}, "num_operation_heads": 4, '
        f'"feed_forward_dimension": {width}, "num_feed_forward": {number}}}'
    )


_PUBLISHED_LAYERS = (
    _published("SA", '"WMA"'),
    _published("LT", '"DCT"', 1024),
    _published("DSC", "9"),
    _published("SA", '"SDP"', 512, 1),
)
PUBLISHED = f'{{"hidden_size": 256, "encoder_layers": [{", ".join(_PUBLISHED_LAYERS)}]}}'

BAD = [
    *NO_OBJECT,
    _arch(),
    _arch(_LAYER),
    _arch(_LAYER, _LAYER, _LAYER),
    _arch(_LAYER, _LAYER, hidden="512"),
    _arch(_LAYER, _LAYER, hidden="true"),
    _arch(_LAYER, "7"),
    _arch(_LAYER, _LAYER.replace("SDP", "WMA")),
    _arch(_LAYER, _LAYER.replace("2", "3", 1)),
    _arch(_LAYER, _LAYER.replace("[1024]", "1024")),
    _arch(_LAYER, _LAYER.replace("[1024]", "[512]")),
    PUBLISHED.replace("DCT", "DFFT"),
    PUBLISHED.replace('": 9', '": 7'),
    PUBLISHED.replace('"num_feed_forward": 1', '"num_feed_forward": 2'),
    PUBLISHED.replace("encoder_layers", "layers"),
]

ODD: list[str] = [_arch(_LAYER, _LAYER), _arch(_STACK, _LAYER, _LAYER, _STACK, hidden="256"), PUBLISHED]
