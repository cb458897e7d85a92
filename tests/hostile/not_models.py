"""Files that are no ONNX model."""

from __future__ import annotations

import gzip
import io
import zipfile

import numpy as np

from onnx_bench.errors import MalformedModelError
from tests.hostile.build import add, convolution

_NOT = "not an ONNX model: this is "
add("empty", lambda: b"", MalformedModelError, _NOT + "an empty file")
add("zeros", lambda: bytes(5000), MalformedModelError, _NOT + "nothing but zeros; was the download interrupted?")
add("lfs_pointer", lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", MalformedModelError,
     _NOT + "a Git LFS pointer, not the file itself; run `git lfs pull`")  # fmt: skip
add("html", lambda: b"\n<!DOCTYPE html><html><body>404</body></html>", MalformedModelError, _NOT + "an HTML page")
add(
    "gzip", lambda: gzip.compress(convolution().SerializeToString()), MalformedModelError, _NOT + "gzip-compressed data"
)
add("json", lambda: b'{"error": "not found"}', MalformedModelError, _NOT + "a JSON file")
add("text", lambda: b"hello there\n" * 9, MalformedModelError, _NOT + "a text file")
# A text-format model that nests 20,000 deep ends onnx's text parser with a segmentation fault.
add("text_model", lambda: b"ir_version: 8\ngraph {" + b"node { attribute { g {" * 20_000, MalformedModelError,
     _NOT + "an ONNX model in text form")  # fmt: skip
# CVE-2025-32434: torch.load runs code even with weights_only=True. Nothing here unpickles: it is named and refused.
add("pickle", lambda: b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00cos\nsystem\n.", MalformedModelError,
     _NOT + "a Python pickle, perhaps a torch checkpoint; it is never unpickled here")  # fmt: skip
add("safetensors", lambda: (10).to_bytes(8, "little") + b'{"a":null}', MalformedModelError, _NOT + "a safetensors file")
add("hdf5", lambda: b"\x89HDF\r\n\x1a\n" + bytes(99), MalformedModelError, _NOT + "an HDF5 file")
add("noise", lambda: np.random.default_rng(0).bytes(4096), MalformedModelError, "not an ONNX model")


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


add("zip", lambda: _zip("model.onnx"), MalformedModelError, _NOT + "a zip archive; unpack it")
add("torch_zip", lambda: _zip("archive/data.pkl", "archive/version"), MalformedModelError,  # CVE-2025-32434
     _NOT + "a torch checkpoint or TorchScript archive; it is never unpickled here")  # fmt: skip


def truncated() -> list[bytes]:
    """A model cut at ten points."""
    whole = convolution().SerializeToString()
    return [whole[: len(whole) * i // 10 + 1] for i in range(10)]
