"""Name what a file is when it is not an ONNX model."""

from __future__ import annotations

_MAGIC = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself; run `git lfs pull`"),
    (b"\x1f\x8b", "gzip-compressed data; decompress it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data; decompress it first"),
    (b"BZh", "bzip2-compressed data; decompress it first"),
    (b"\xfd7zXZ\x00", "xz-compressed data; decompress it first"),
    (b"\x89HDF\r\n", "an HDF5 file, perhaps a Keras model; export it to ONNX first"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"GGUF", "a GGUF file, which holds weights without a graph"),
    (b"\x7fELF", "an executable"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
)
_PICKLE = "a Python pickle, perhaps a torch checkpoint; it is never unpickled here: export the network to ONNX"


def sniff(head: bytes) -> str | None:
    """Say what bytes that are no ONNX model are.

    Args:
        head: The first bytes of the file, 4096 are plenty; empty only if the file is.

    Returns:
        A description to follow "this is", or `None` if the bytes may be an ONNX model.
    """
    if not head:
        return "an empty file"
    if not head.strip(b"\x00"):
        return "nothing but zeros; was the download interrupted?"
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    if head.startswith(b"PK\x03\x04"):
        return _zip(head)
    if head[0] == 0x80 and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return _PICKLE
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite model; convert it to ONNX first"
    if head[4:8] == b"ORTM":
        return "an onnxruntime .ort model; use the .onnx file it was made from"
    if head[3:9] == b"\x00\x00\x00\x00\x00{":
        return "a safetensors file, which holds weights without a graph; export the network to ONNX"
    return _text(head)


def _zip(head: bytes) -> str:
    if b"data.pkl" in head or b"constants.pkl" in head or b"/code/" in head:
        return "a torch checkpoint or TorchScript archive; it is never unpickled here: export the network to ONNX"
    return "a zip archive; unpack it and give the .onnx file inside"


def _text(head: bytes) -> str | None:
    """Text has no control characters but white space and escape; a protobuf of a model begins with one."""
    if any(c < 9 or 13 < c < 27 for c in head[:512]):
        return None
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:256].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head")):
        return "an HTML page; was the download link right?"
    if start.startswith((b"<?xml", b"<net")):
        return "an XML file"
    if start.startswith((b"{", b"[")):
        return "a JSON file"
    if start.startswith((b"<", b"ir_version")) and b"ir_version" in start:
        return "an ONNX model in text form; save it in the binary form"
    return "a text file"
