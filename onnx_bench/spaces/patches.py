"""The patches of an image as rows of a matrix (im2col), drawn with slices and reshapes."""

from __future__ import annotations

from onnx_bench.op_rules import window_size
from onnx_bench.spaces.drawing import Drawing


def draw_patches(pen: Drawing, x: int, kernel: int, stride: int, padding: int) -> int:
    """Draw what `torch.nn.Unfold` and a transposition compute; it holds no weights.

    Patches that do not overlap are reshaped out of the image. Others are gathered from `kernel` shifted images, along
    one side after the other.

    Shapes:
        [1, C, H, W] -> [1, rows * columns, C * kernel * kernel].
    """
    if kernel == stride:
        return _tiles(pen, x, kernel)
    if padding:
        x = pen.add("Pad", x, pads=(0, 0, padding, padding) * 2)
    channels, height, width = pen.shape(x)[1:]
    rows, columns = (window_size(side, kernel, stride, 1, 0) for side in (height, width))
    x = _shifted(pen, x, 2, kernel, stride, rows)  # [1, C, kernel, rows, W]
    x = _shifted(pen, x, len(pen.shape(x)) - 1, kernel, stride, columns)  # [1, C, kernel, kernel, rows, columns]
    x = pen.add("Reshape", x, shape=(1, channels * kernel**2, rows * columns))
    return pen.add("Transpose", x, perm=(0, 2, 1))


def _shifted(pen: Drawing, x: int, axis: int, kernel: int, stride: int, count: int) -> int:
    """Every `stride`-th place of `axis` from `kernel` starting points, one after the other on a new axis.

    The new axis stands before the image's two.
    """
    parts = []
    for start in range(kernel):
        end = start + (count - 1) * stride + 1
        part = pen.add("Slice", x, axis=axis, start=start, end=end, step=stride if count > 1 else 1)
        shape = pen.shape(part)
        parts.append(pen.add("Reshape", part, shape=(*shape[:-2], 1, *shape[-2:])))
    return pen.concat(parts, axis=len(pen.shape(x)) - 2)


def _tiles(pen: Drawing, x: int, size: int) -> int:
    """Patches side by side; what is left over at the right and below is cut off."""
    for axis in (2, 3):
        side = pen.shape(x)[axis]
        if side % size:
            x = pen.add("Slice", x, axis=axis, start=0, end=side - side % size)
    channels, height, width = pen.shape(x)[1:]
    rows, columns = height // size, width // size
    x = pen.add("Reshape", x, shape=(1, channels, rows, size, columns, size))
    x = pen.add("Transpose", x, perm=(0, 2, 4, 1, 3, 5))
    return pen.add("Reshape", x, shape=(1, rows * columns, channels * size**2))
