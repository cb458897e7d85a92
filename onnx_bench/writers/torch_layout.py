"""Lowering to PyTorch: operators that move elements."""

from __future__ import annotations

from onnx_bench.writers.lowered import Lowered, Rule, Site, keywords, literal
from onnx_bench.writers.torch_resize import resize


def _slice(site: Site) -> Lowered:
    axis, start, end, step = (site.attrs[key] for key in ("axis", "start", "end", "step"))
    taken = range(start, end, step)
    backward = ""
    if step < 0:
        taken, backward = taken[::-1], f".flip({axis})"
    stop = "" if taken.stop >= site.x[axis] else str(taken.stop)
    stride = "" if taken.step == 1 else f":{taken.step}"
    return Lowered(f"$0[{':, ' * axis}{taken.start or ''}:{stop}{stride}]{backward}")


def _reshape(site: Site) -> Lowered:
    sizes = ["-1" if axis == site.batch else str(dim) for axis, dim in enumerate(site.out)]
    if len(site.out) == 2 and len(site.x) > 2 and sizes[0] == "-1" and site.x[0] == site.out[0]:
        return Lowered("$0.flatten(1)")
    return Lowered(f"$0.reshape({', '.join(sizes) or '()'})")


def _transpose(site: Site) -> Lowered:
    perm = site.attrs["perm"]
    moved = [i for i, p in enumerate(perm) if i != p]
    if len(moved) == 2:
        return Lowered(f"$0.transpose({moved[0]}, {moved[1]})")
    return Lowered(f"$0.permute({', '.join(map(str, perm))})")


def _expand(site: Site) -> Lowered:
    """ONNX expansion is two-way broadcasting; `-1` keeps a length."""
    added = len(site.out) - len(site.x)
    sizes = ["-1" if i >= added and dim == site.x[i - added] else str(dim) for i, dim in enumerate(site.out)]
    return Lowered(f"$0.expand({', '.join(sizes)})")


def _tile(site: Site) -> Lowered:
    return Lowered(f"$0.repeat({', '.join(map(str, site.attrs['repeats']))})")


def torch_pads(pads: tuple[int, ...]) -> str:
    """ONNX pads (all begins, all ends) in the order of `F.pad`: last axis first, untouched leading axes left out."""
    rank = len(pads) // 2
    pairs = [(pads[i], pads[rank + i]) for i in range(rank)]
    while len(pairs) > 1 and pairs[0] == (0, 0):
        pairs.pop(0)
    return literal(tuple(pad for pair in reversed(pairs) for pad in pair))


def _pad(site: Site) -> Lowered:
    pads, mode, value = site.attrs["pads"], site.attrs["mode"], site.attrs["value"]
    if mode == "constant":
        return Lowered(f"F.pad($0, {torch_pads(pads)}{keywords(value=(literal(value), value != 0))})")
    modes = {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in modes:
        raise site.unsupported(f"with mode {mode!r}")
    rank = len(site.x)
    if rank in (3, 4, 5) and not any(pads[:2] + pads[rank : rank + 2]) and min(pads) >= 0:
        inner = torch_pads(pads[2:rank] + pads[rank + 2 :])
        if len(pads[2:rank]) * 2 == inner.count(",") + 1 and max(pads) < min(site.x[2:]):
            return Lowered(f'F.pad($0, {inner}, mode="{modes[mode]}")')
    return Lowered(f'pad_mirrored($0, {torch_pads(pads)}, "{mode}")', helpers=("pad_mirrored",))


def _depth_to_space(site: Site) -> Lowered:
    block = site.attrs["blocksize"]
    if site.attrs["mode"] == "CRD":
        return Lowered(f"F.pixel_shuffle($0, {block})")
    return Lowered(f"depth_to_space($0, {block})", helpers=("depth_to_space",))


def _space_to_depth(site: Site) -> Lowered:
    return Lowered(f"space_to_depth($0, {site.attrs['blocksize']})", helpers=("space_to_depth",))


def _gather(site: Site) -> Lowered:
    return Lowered(f"$0[{':, ' * site.attrs['axis']}$1]")


LAYOUT: dict[str, Rule] = {
    "Slice": _slice,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
    "Resize": resize,
    "DepthToSpace": _depth_to_space,
    "SpaceToDepth": _space_to_depth,
    "Gather": _gather,
}
