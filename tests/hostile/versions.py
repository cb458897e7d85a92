"""Versions of the format and of the operators; operators nobody knows."""

from __future__ import annotations

import onnx
from onnx import helper

from onnx_bench.errors import MalformedModelError, UnsupportedGraphError
from tests.hostile.build import add, case, model, node


def _versioned(ir_version: int = 8, **imports: int) -> onnx.ModelProto:
    made = model([node("Relu", ["x"], ["y"])])
    made.ir_version = ir_version
    del made.opset_import[:]
    made.opset_import.extend(helper.make_opsetid(d.replace("onnx", "ai.onnx"), v) for d, v in imports.items())
    return made


@case(
    MalformedModelError, "the model imports operator set 'ai.onnx' as version 17 and as version 13; only one can hold"
)
def two_opsets() -> onnx.ModelProto:
    made = _versioned(onnx=17)
    made.opset_import.add(domain="", version=13)
    return made


@case()
def opset_named_twice() -> onnx.ModelProto:
    made = _versioned(onnx=17)
    made.opset_import.add(domain="", version=17)
    return made


_TOO_NEW = "the model has {} 999; onnx " + onnx.__version__ + " knows up to "
add("ir_version_999", lambda: _versioned(999, onnx=17), UnsupportedGraphError, _TOO_NEW.format("IR version"))
add("opset_999", lambda: _versioned(onnx=999), UnsupportedGraphError, _TOO_NEW.format("ONNX operators of version"))
add("opset_0", lambda: _versioned(onnx=0), MalformedModelError,
     "the model imports version 0 of the ONNX operators; they begin at 1")  # fmt: skip
add("opset_negative", lambda: _versioned(onnx=-(1 << 60)), MalformedModelError, "the model imports version -115292150")
add("opset_none", lambda: _versioned(), MalformedModelError,
     "the model does not say which version of the ONNX operators it uses (opset_import)")  # fmt: skip
add("opset_none_in_2017", lambda: _versioned(2))
for _version in (1, 6, 9, 13, 23):
    add(f"opset_{_version}", lambda version=_version: _versioned(onnx=version))  # type: ignore[misc]
add("other_domains", lambda: model([node("FusedThing", ["x"], ["a"], domain="com.microsoft"),
                                     node("Whatever", ["a"], ["b"], domain="never.imported"),
                                     node("NoSuchOperator", ["b"], ["y"])]))  # fmt: skip
