"""Real networks as small ONNX files without weights, for the demo and for trying commands."""
