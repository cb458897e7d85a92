"""Lowering to PyTorch: operators that become submodules, and pooling."""

from __future__ import annotations

from onnx_bench.writers.lowered import Lowered, Rule, Site, keywords, literal, size
from onnx_bench.writers.torch_layout import torch_pads
from onnx_bench.writers.weights import Weight, native_affine, node_weights


def _rank(site: Site, ranks: tuple[int, ...] = (1, 2, 3)) -> int:
    rank = len(site.x) - 2
    if rank not in ranks:
        raise site.unsupported(f"on an input of shape {list(site.x)}")
    return rank


def _symmetric(pads: tuple[int, ...]) -> bool:
    half = len(pads) // 2
    return pads[:half] == pads[half:] and min(pads, default=0) >= 0


def _conv(site: Site) -> Lowered:
    a, rank = site.attrs, _rank(site)
    even = _symmetric(a["pads"])
    options = keywords(
        stride=(size(a["strides"]), set(a["strides"]) != {1}),
        padding=(size(a["pads"][:rank]), even and any(a["pads"])),
        dilation=(size(a["dilations"]), set(a["dilations"]) != {1}),
        groups=(str(a["groups"]), a["groups"] != 1),
    )
    operand = "$0" if even else f"F.pad($0, {torch_pads(a['pads'])})"
    if len(site.node.inputs) > 1:
        return _computed_conv(site, f"F.conv{rank}d({operand}", options)
    bias = keywords(bias=("False", not a["bias"]))
    module = f"nn.Conv{rank}d({site.x[1]}, {a['channels']}, {size(a['kernel'])}{options}{bias})"
    return Lowered(f"self.@({operand})", (f"self.@ = {module}",))


def _computed_conv(site: Site, call: str, options: str) -> Lowered:
    """A convolution whose weights are its second input; its bias stands beside it."""
    if not site.attrs["bias"]:
        return Lowered(f"{call}, $1{options})")
    bias = f"self.@_bias = nn.Parameter(torch.zeros({site.attrs['channels']}))"
    return Lowered(f"{call}, $1, self.@_bias{options})", (bias,))


def _conv_transpose(site: Site) -> Lowered:
    """Uneven pads: nothing is cut by the module, the rest of the full result is cut afterwards."""
    a, rank = site.attrs, _rank(site)
    begins, ends, extra = a["pads"][:rank], a["pads"][rank:], a["output_padding"]
    even = _symmetric(a["pads"])
    if not even:
        extra = tuple(max(0, more - cut) for more, cut in zip(extra, ends, strict=True))
    options = keywords(
        stride=(size(a["strides"]), set(a["strides"]) != {1}),
        padding=(size(begins), even and any(begins)),
        output_padding=(size(extra), any(extra)),
        dilation=(size(a["dilations"]), set(a["dilations"]) != {1}),
        groups=(str(a["groups"]), a["groups"] != 1),
    )
    bias = keywords(bias=("False", not a["bias"]))
    module = f"nn.ConvTranspose{rank}d({site.x[1]}, {a['channels']}, {size(a['kernel'])}{options}{bias})"
    lowered = Lowered("self.@($0)", (f"self.@ = {module}",))
    if len(site.node.inputs) > 1:
        lowered = _computed_conv(site, f"F.conv_transpose{rank}d($0", options)
    call = lowered.expr
    if not even:
        cut = tuple(-max(0, e - more) for e, more in zip(ends, a["output_padding"], strict=True))
        call = f"F.pad({call}, {torch_pads((*(-b for b in begins), *cut))})"
    return Lowered(call, lowered.init)


def _linear(site: Site) -> Lowered:
    bias = keywords(bias=("False", not site.attrs["bias"]))
    return Lowered("self.@($0)", (f"self.@ = nn.Linear({site.x[-1]}, {site.attrs['features']}{bias})",))


def _embedding(site: Site) -> Lowered:
    return Lowered("self.@($0)", (f"self.@ = nn.Embedding({site.attrs['entries']}, {site.attrs['features']})",))


def _batch_norm(site: Site) -> Lowered:
    rank = max(1, _rank(site, (0, 1, 2, 3)))
    eps = keywords(eps=(literal(site.attrs["epsilon"]), site.attrs["epsilon"] != 1e-5))
    return Lowered("self.@($0)", (f"self.@ = nn.BatchNorm{rank}d({site.x[1]}{eps})",))


def _norm(site: Site) -> Lowered:
    """The module where PyTorch has it; a scale or bias that it cannot hold stands beside it."""
    a, op = site.attrs, site.node.op
    native = native_affine(site.node)
    eps = keywords(eps=(literal(a["epsilon"]), op == "RMSNorm" or a["epsilon"] != 1e-5))
    if op in ("LayerNorm", "RMSNorm"):
        dims = site.x[len(site.x) - a["dims"] :]
        plain = keywords(elementwise_affine=("False", not native))
        bias = keywords(bias=("False", native and op == "LayerNorm" and not a["bias"]))
        module = f"nn.{op}({dims[0] if len(dims) == 1 else literal(dims)}{eps}{plain}{bias})"
    elif op == "GroupNorm":
        module = f"nn.GroupNorm({a['groups']}, {site.x[1]}{eps}{keywords(affine=('False', not native))})"
    else:
        module = f"nn.InstanceNorm{_rank(site)}d({site.x[1]}{eps}{keywords(affine=('True', native))})"
    expr, init = "self.@($0)", [f"self.@ = {module}"]
    if not native:
        for weight, sign in zip(node_weights(site.view, site.position), _signs(a), strict=True):
            expr = f"{expr} {sign} self.@{weight.suffix}"
            init.append(_bare(weight))
    return Lowered(expr, tuple(init))


def _signs(attrs: dict[str, object]) -> str:
    return ("*" if attrs["scale"] else "") + ("+" if attrs["bias"] else "")


def _bare(weight: Weight) -> str:
    return f"self.@{weight.suffix} = nn.Parameter(torch.{weight.init}({literal(weight.shape)}))"


def _prelu(site: Site) -> Lowered:
    weight = node_weights(site.view, site.position)[0]
    if len(weight.shape) == 1:
        return Lowered("self.@($0)", (f"self.@ = nn.PReLU({weight.shape[0]})",))
    tensor = f"self.@ = nn.Parameter(torch.full({literal(weight.shape)}, 0.25))"
    return Lowered("F.relu($0) - self.@ * F.relu(-$0)", (tensor,))


def _pool_fits(site: Site) -> bool:
    """Whether PyTorch's pooling takes these pads: even, and up to half the kernel."""
    kernel, pads = site.attrs["kernel"], site.attrs["pads"]
    return _symmetric(pads) and all(2 * pad <= k for pad, k in zip(pads, kernel, strict=False))


def _overhang(site: Site) -> tuple[int, ...]:
    """What ceil mode reads beyond the padded end of each axis."""
    a = site.attrs
    rank = len(a["kernel"])
    over = []
    for i in range(rank):
        span = (site.out[2 + i] - 1) * a["strides"][i] + a["dilations"][i] * (a["kernel"][i] - 1) + 1
        over.append(max(0, span - site.x[2 + i] - a["pads"][i] - a["pads"][rank + i]))
    return tuple(over)


def _max_pool(site: Site) -> Lowered:
    a, rank = site.attrs, _rank(site)
    fits = _pool_fits(site)
    options = keywords(
        stride=(size(a["strides"]), a["strides"] != a["kernel"]),
        padding=(size(a["pads"][:rank]), fits and any(a["pads"])),
        dilation=(size(a["dilations"]), set(a["dilations"]) != {1}),
        ceil_mode=("True", fits and a["ceil_mode"]),
    )
    operand = "$0"
    if not fits:
        ends = tuple(e + o for e, o in zip(a["pads"][rank:], _overhang(site), strict=True))
        operand = f'F.pad($0, {torch_pads((*a["pads"][:rank], *ends))}, value=float("-inf"))'
    return Lowered(f"F.max_pool{rank}d({operand}, {size(a['kernel'])}{options})")


def _average_pool(site: Site) -> Lowered:
    a, rank = site.attrs, _rank(site)
    if not _pool_fits(site) or set(a["dilations"]) != {1}:
        shape = ", ".join(literal(tuple(a[key])) for key in ("kernel", "strides", "dilations"))
        over = torch_pads((*(0,) * rank, *_overhang(site)))
        pads = f"{torch_pads(a['pads'])}, {over}, {a['count_include_pad']}"
        return Lowered(f"average_pool($0, {shape}, {pads})", helpers=("average_pool",))
    padded = any(a["pads"])
    options = keywords(
        stride=(size(a["strides"]), a["strides"] != a["kernel"]),
        padding=(size(a["pads"][:rank]), padded),
        ceil_mode=("True", a["ceil_mode"]),
        count_include_pad=("False", padded and not a["count_include_pad"]),
    )
    return Lowered(f"F.avg_pool{rank}d($0, {size(a['kernel'])}{options})")


def _lp_pool(site: Site) -> Lowered:
    a, rank = site.attrs, _rank(site)
    ends = tuple(e + o for e, o in zip(a["pads"][rank:], _overhang(site), strict=True))
    shape = ", ".join(literal(tuple(a[key])) for key in ("kernel", "strides", "dilations"))
    pads = torch_pads((*a["pads"][:rank], *ends))
    return Lowered(f"lp_pool($0, {shape}, {pads}, {a['p']})", helpers=("lp_pool",))


def _recurrent(site: Site) -> Lowered:
    """[length, batch, width] -> [length, directions, batch, hidden]; the final states are outputs 1 (and 2)."""
    a, op = site.attrs, site.node.op
    two = a["direction"] == "bidirectional"
    bias = keywords(bias=("False", not a["bias"]), bidirectional=("True", two))
    helpers: tuple[str, ...] = ()
    module = f"nn.{op}({site.x[2]}, {a['hidden']}{bias})"
    if op == "RNN":
        if a["activation"] not in ("Tanh", "Relu"):
            raise site.unsupported(f"with activation {a['activation']!r}")
        relu = keywords(nonlinearity=('"relu"', a["activation"] == "Relu"))
        module = f"nn.RNN({site.x[2]}, {a['hidden']}{relu}{bias})"
    elif op == "GRU" and not a["linear_before_reset"]:
        module, helpers = module.replace("nn.GRU", "ResetFirstGRU"), ("ResetFirstGRU",)
    backward = ".flip(0)" if a["direction"] == "reverse" else ""
    states = _initial_states(site)
    directions = f".unflatten(2, ({1 + two}, {a['hidden']})).transpose(1, 2)"
    further = ("[1][0]", "[1][1]") if op == "LSTM" else ("[1]",)
    return Lowered(
        f"self.@($0{backward}{states})", (f"self.@ = {module}",), f"[0]{backward}{directions}", further, helpers
    )


def _initial_states(site: Site) -> str:
    given = [f"${i}" for i, source in enumerate(site.node.inputs) if i and source >= 0]
    if not given:
        return ""
    if len(given) != (2 if site.node.op == "LSTM" else 1):
        raise site.unsupported(f"with {len(given)} initial states")
    return f", ({', '.join(given)})" if len(given) == 2 else f", {given[0]}"


LAYERS: dict[str, Rule] = {
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Linear": _linear,
    "Embedding": _embedding,
    "BatchNorm": _batch_norm,
    "LayerNorm": _norm,
    "RMSNorm": _norm,
    "GroupNorm": _norm,
    "InstanceNorm": _norm,
    "PRelu": _prelu,
    "MaxPool": _max_pool,
    "AveragePool": _average_pool,
    "LpPool": _lp_pool,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
}
