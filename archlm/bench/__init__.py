"""ONNX-Bench, the data set: architectures of every space in one form, with their measurements. See `build`."""
