"""The graph form, reading and writing ONNX, normalisation passes, search spaces and tasks."""
