"""Reading files safely: from hostile bytes to an `ArchGraph`. `onnx_bench.reader` is the public face."""
