"""Tensors that are said to live in other files."""

from __future__ import annotations

import onnx
from onnx import TensorProto

from tests.hostile.build import FLOAT, add, model, node


def external(in_constant: bool = False, **entries: str) -> onnx.ModelProto:
    """A Conv whose weights are said to live in another file."""
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[4, 3, 3, 3], data_location=TensorProto.EXTERNAL)
    for key, entry in entries.items():
        tensor.external_data.add(key=key, value=entry)
    if in_constant:
        return model([node("Constant", [], ["w"], value=tensor), node("Conv", ["x", "w"], ["y"])])
    return model([node("Conv", ["x", "w"], ["y"])], initialisers=[tensor])


EXTERNAL_LOCATIONS = {
    "missing": "no_such_file",
    "parent": "../../../../../../etc/passwd",  # CVE-2022-25882
    "nested_parent": "a/../../../../../../../../etc/passwd",  # CVE-2024-27318
    "absolute": "/etc/passwd",  # CVE-2025-51480 writes there when such a model is saved again; nothing is saved here
    "device": "/dev/zero",
    "directory": "/etc",
    "nul": "weights\x00.bin",
    "symlink": "link_to_secret",  # CVE-2026-27489; tests put such a link beside the model
    "hardlink": "hard_link_to_secret",  # CVE-2026-34446; likewise
}
for _name, _location in EXTERNAL_LOCATIONS.items():
    add(f"external_{_name}", lambda at=_location: external(location=at))  # type: ignore[misc]
add("external_in_constant", lambda: external(True, location="../secret"))
add("external_offset_negative", lambda: external(location="w", offset="-5", length="-1"))
add("external_offset_huge", lambda: external(location="w", offset="9" * 40, length="9" * 40))
# CVE-2026-34445: keys became attributes of a Python object, whatever their name.
add("external_unknown_key", lambda: external(location="w", __class__="x", __dict__="y"))
