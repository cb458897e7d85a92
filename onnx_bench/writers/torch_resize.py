"""Lowering to PyTorch: Resize, of which `F.interpolate` has the most common forms."""

from __future__ import annotations

from onnx_bench.writers.lowered import Lowered, Site, keywords, literal

_KNOWN = {
    "mode": ("nearest", "linear", "cubic"),
    "coordinates": ("half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"),
    "nearest_mode": ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"),
    "antialias": (False,),
}


def resize(site: Site) -> Lowered:
    """`F.interpolate` where it computes the same, else the helper `resize`."""
    for name, values in _KNOWN.items():
        if site.attrs[name] not in values:
            raise site.unsupported(f"with {name} {site.attrs[name]!r}")
    kind = _interpolation(site)
    if kind:
        sizes = literal(site.out[2:]) if len(site.out) > 3 else str(site.out[-1])
        return Lowered(f"F.interpolate($0, size={sizes}{kind})")
    mode, where, nearest = (site.attrs[key] for key in ("mode", "coordinates", "nearest_mode"))
    sizes = ", ".join("-1" if i == site.batch else str(dim) for i, dim in enumerate(site.out))
    options = keywords(
        nearest_mode=(literal(nearest), mode == "nearest"), a=(literal(site.attrs["cubic_coeff_a"]), mode == "cubic")
    )
    return Lowered(f'resize($0, ({sizes}), "{mode}", "{where}"{options})', helpers=("resize",))


def _interpolation(site: Site) -> str:
    """The options of `F.interpolate` that give this Resize; empty if there are none."""
    rank = len(site.x)
    if rank not in (3, 4, 5) or site.x[:2] != site.out[:2]:
        return ""
    corners = keywords(align_corners=("True", site.attrs["coordinates"] == "align_corners"))
    whole = all(dim and size % dim == 0 for dim, size in zip(site.x, site.out, strict=True))
    match site.attrs["mode"], site.attrs["coordinates"], site.attrs["nearest_mode"]:
        case "nearest", "half_pixel", "round_prefer_floor" if whole:  # what stands for all that repeat elements
            return ', mode="nearest"'
        case "nearest", "asymmetric", "floor":
            return ', mode="nearest"'
        case "linear", "half_pixel" | "align_corners", _:
            return f', mode="{("linear", "bilinear", "trilinear")[rank - 3]}"{corners}'
        case "cubic", "half_pixel" | "align_corners", _ if rank == 4 and site.attrs["cubic_coeff_a"] == -0.75:
            return f', mode="bicubic"{corners}'
    return ""
