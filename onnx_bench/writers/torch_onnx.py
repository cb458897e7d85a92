"""Lowering to PyTorch: ONNX operators that have no canonical form."""

from __future__ import annotations

from onnx_bench.writers.lowered import Lowered, Rule, Site, literal


def _lrn(site: Site) -> Lowered:
    a = site.attrs
    options = f"alpha={literal(a['alpha'])}, beta={literal(a['beta'])}, k={literal(a['bias'])}"
    if a["size"] % 2 == 0:
        raise site.unsupported("over an even number of channels")
    return Lowered(f"F.local_response_norm($0, {a['size']}, {options})")


def _arg(call: str) -> Rule:
    def rule(site: Site) -> Lowered:
        if site.attrs.get("select_last_index"):
            raise site.unsupported("that selects the last index")
        keep = ", keepdim=True" if site.attrs.get("keepdims", 1) else ""
        return Lowered(f"{call}($0, dim={site.attrs['axis']}{keep})")

    return rule


def _top_k(site: Site) -> Lowered:
    a = site.attrs
    order = "" if a.get("largest", 1) else ", largest=False"
    return Lowered(f"torch.topk($0, {literal(a['k'])}, dim={a['axis']}{order})", (), "[0]", ("[1]",))


def _cumulated(site: Site) -> Lowered:
    a = site.attrs
    if a.get("reverse") or a.get("exclusive"):
        raise site.unsupported("in reverse or without its own element")
    return Lowered(f"torch.cumsum($0, dim={a['axis']})")


def _scatter_elements(site: Site) -> Lowered:
    reduction = {"none": "", "add": ', "sum"', "mul": ', "prod"', "max": ', "amax"', "min": ', "amin"'}
    kind = site.attrs.get("reduction", "none")
    if kind not in reduction:
        raise site.unsupported(f"with reduction {kind!r}")
    call = "scatter_reduce" if reduction[kind] else "scatter"
    return Lowered(f"$0.{call}({site.attrs['axis']}, $1, $2{reduction[kind]})")


def _gather_nd(site: Site) -> Lowered:
    if site.attrs.get("batch_dims"):
        raise site.unsupported("with batch axes")
    return Lowered("$0[$1.unbind(-1)]")


def _scatter_nd(site: Site) -> Lowered:
    if site.attrs.get("reduction", "none") not in ("none", "add"):
        raise site.unsupported(f"with reduction {site.attrs['reduction']!r}")
    accumulate = ", accumulate=True" if site.attrs.get("reduction") == "add" else ""
    return Lowered(f"$0.index_put($1.unbind(-1), $2{accumulate})")


ONNX_RULES: dict[str, Rule] = {
    "LRN": _lrn,
    "ArgMax": _arg("torch.argmax"),
    "ArgMin": _arg("torch.argmin"),
    "GatherElements": lambda site: Lowered(f"torch.gather($0, {site.attrs['axis']}, $1)"),
    "GatherND": _gather_nd,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_nd,
    "TopK": _top_k,
    "CumSum": _cumulated,
}
