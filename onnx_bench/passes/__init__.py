"""Normalisation passes, one per file. `onnx_bench.normalise` lists the order in which they run."""
