"""Names in a sentence: `Raspberry Pi 4`, `SST-2`, `NB-201` are what archlm calls raspi4, glue/sst and nasbench201."""

from __future__ import annotations

import re
from collections.abc import Mapping

_COMMON = frozenset(("normal", "score", "photo", "graph", "cs", "sts", "rte", "sst"))
"""Last parts of names of tasks that are words, or too short to be meant: these tasks need their whole name."""
_BATCH = r"(?:_| ?(?:,|at|with)? ?(?:a )?batch(?:es)?(?: size)?(?: of)? ?)(1|32|256)"
_GPU = rf"(?:nvidia )?(?:geforce )?(?:gtx |rtx )?(1080 ?ti|2080 ?ti|titan rtx|titan ?xp?)(?:{_BATCH})?"
_SETUPS = {
    "3090": "timm_amp_nchw_pt240_cu124_rtx3090", "4090": "timm_amp_nchw_pt291_cu128_4090",
    "5090": "timm_amp_nchw_pt291_cu130_5090",
}  # fmt: skip
"""Of cards with several setups the newest that is not compiled."""
_CARD = r"(?:(?:nvidia |geforce |rtx ?)+|(?<=\bon )|(?<=\bon a )|(?<=\bon the ))(3090|4090|5090)"
_ALIASES = (
    (rf"{_CARD}(?! ?(?:ti|super|d|laptop|mobile)\b)", lambda match: _SETUPS[match[1]]),
    (r"(?:nvidia )?(?:rtx )?pro 6000 (?:blackwell )?max-?q", "timm_amp_nchw_pt291_cu130_pro6000maxq"),
    (r"(?:intel )?(?:core )?i9[ -]?10940x?", "timm_fp32_nchw_pt240_cpu_i9_10940x_dynamo"),
    (r"(?:intel )?(?:core )?i7[ -]?12700h?", "timm_fp32_nchw_pt240_cpu_i7_12700h_dynamo"),
    (_GPU, lambda match: f"{_gpu(match[1])}_{match[2] or 1}"),  # one image at a time where no batch is named
    (r"(?:raspberry(?: ?pi)?|rpi|raspi)(?: ?4)?(?: model b| ?b)?(?! ?(?:pi\b|zero|pico|[0-9]))", "raspi4"),
    (r"(?:google )?pixel ?([23])", r"pixel\1"),
    (r"(?:samsung )?(?:galaxy )?(a50|s7)", r"samsung_\1"),
    (r"essential phone(?: ph-?1)?", "essential_ph_1"),
    (r"(?:intel )?(?:xeon )?(gold|silver)[ _-]?(6226|6240|4114|4210r)", r"\1_\2"),
    (r"sst-?2|stanford sentiment(?: treebank)?", "glue/sst"),
    (r"sts-?b", "glue/sts"),
    (r"semantic segmentation", "transnas/segmentsemantic"),
    (r"surface normals?(?: (?:prediction|estimation))?", "transnas/normal"),
    (r"(scene|object) classification", r"transnas/class_\1"),
    (r"nb-?(101|201)", r"nasbench\1"),
    (r"(?:ofa|once[ -]for[ -]all)[ _-]resnet-?50", "ofa_resnet50"),
    (r"(?:(?:ofa|once[ -]for[ -]all)[ _-])?(?:proxyless(?:nas)?)", "ofa_proxyless"),
    (r"(?:(?:ofa|once[ -]for[ -]all)[ _-])?mobilenet-?v3", "ofa_mbv3"),
)  # fmt: skip
"""What people write, and the name that is meant."""


def in_known_names(text: str) -> str:
    """A text in lower case with the names that archlm uses where others were written."""
    for written, name in _ALIASES:
        text = re.sub(rf"(?<![\w/-])(?:{written})(?![\w/])", name, text)
    return text


def spellings(names: list[str], prefix: str = "") -> dict[str, str]:
    """Patterns that a person may write for a name, the longest first."""
    found: dict[str, str] = {}
    for name in names:
        plain = name.removeprefix(prefix)
        for spelling in (plain, plain.rpartition("/")[2]):
            if spelling in _COMMON:
                continue
            parts = re.findall(r"nas(?=bench)|[a-z]+|[0-9]+", spelling.lower())
            found.setdefault(r"[\s_/-]?".join(parts), plain)
    if "imagenet[\\s_/-]?1[\\s_/-]?k" in found:
        found["imagenet"] = "imagenet-1k"
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def known(written: str, patterns: Mapping[str, str]) -> str:
    """The name that a text spells by the patterns of `spellings`; empty where it spells none."""
    return next((name for pattern, name in patterns.items() if re.fullmatch(pattern, written)), "")


def _gpu(written: str) -> str:
    return re.sub(r" (?=ti|xp?$)", "", written).replace(" ", "_")
