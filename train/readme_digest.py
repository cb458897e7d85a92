"""What README says of every protocol: one row each; all the tables are in the model card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from train.common import RESULTS
from train.protocols.p3_sixteen_labels import wins
from train.protocols.p4_twenty_labels import PLAIN
from train.protocols.p6_real_networks import FEATURES
from train.records import SPACE_TASK

BASELINES = ("effective parameters", "MACs", "LightGBM on features")
"""Scores that stand beside ours."""


class Finding(NamedTuple):
    """A row.

    Attributes:
        asked: What was measured, on what, in which unit.
        found: By archlm.
        beside: By others on the same networks.
        published: By others elsewhere.
    """

    asked: str
    found: str
    beside: str
    published: str = ""


def findings() -> list[Finding]:
    """One for each protocol, from train/results."""
    return [
        _zero_shot(), _left_out(), _known(), _real(), _later(), *_few(), _sixteen(), _twenty(), _latency(), _devices(),
        *_coverage(), _generation(), _budgets(), *_speed(),
    ]  # fmt: skip


def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / f"{name}.csv")


def _beside(means: pd.Series[float], names: Sequence[str] = BASELINES) -> str:
    return ", ".join(f"{name} {means[name]:.3f}" for name in names)


def _zero_shot() -> Finding:
    table = _read("p1_zero_shot")
    means = table[table.source_networks.isin([0, table.source_networks.max()])].groupby("score").rho_all.mean()
    return Finding(
        f"NAS-Bench-201 ({table.n_all[0]:,} cells), trained on NAS-Bench-101 alone, rho",
        f"{means['prior + trees (combination)']:.3f}", _beside(means), "ONNX-Net .747, FLAN .741",
    )  # fmt: skip


def _left_out() -> Finding:
    table = _read("p2_leave_one_space_out")
    table = table[table.task == table.space.map(SPACE_TASK)]
    means = table.groupby(["score", "left_out"]).rho.mean().groupby("score").mean()
    networks = table.drop_duplicates("space").n.sum()
    return Finding(
        f"a space of which nothing was seen (mean of {table.left_out.nunique()}, {networks:,} networks), rho",
        f"{means['prior + trees']:.3f}", _beside(means, ("training-free prior", *BASELINES)),
    )  # fmt: skip


def _known() -> Finding:
    table = _read("known_spaces")
    means = table.groupby("score").rho.mean()
    pairs = table.groupby(["space", "task"]).ngroups
    return Finding(
        f"networks held out in known spaces (mean of {pairs} pairs of space and task), rho", f"{means['blend']:.3f}",
        _beside(means),
    )  # fmt: skip


def _real() -> Finding:
    table = _read("p6_real_networks")
    means = table.groupby("score").tau.mean()
    networks = table[(table.seed == 0) & (table.score == "MACs")].n.sum()
    return Finding(
        f"real networks of unseen families ({networks} of timm), tau", f"{means[FEATURES]:.3f}", _beside(means)
    )


def _later() -> Finding:
    table = _read("later_networks").set_index("families")
    known, new = table.loc["known"], table.loc["new"]

    def both(column: str) -> str:
        return f"{known[column]:.3f}, {new[column]:.3f}"

    return Finding(
        f"real networks asked before they were learnt from ({known.n} of families that were known, {new.n} of "
        f"{new['number of families']} that were not): tau; 90 % intervals that held",
        f"{both('tau predicted')}; {known.held} of {known.n}, {new.held} of {new.n}",
        "; ".join(f"{name} {both(f'tau {name}')}" for name in BASELINES),
    )  # fmt: skip


def _few() -> list[Finding]:
    table = _read("p3_few_labels")
    rows = []
    for space, labels in (("nasbench201", 156), ("nasbench101", 4236), ("transnas_micro", 128)):
        part = table[(table.space == space) & (table.labels == labels)]
        means = part.groupby("score").tau.mean()
        (named,) = part[part.score.str.contains("published")].score
        rows.append(Finding(
            f"{labels:,} labels of {space}, never seen before, tau", f"{means['fine-tuned']:.3f}", _beside(means),
            f"{named.removesuffix(' (published)')} {means[named]:.3f}",
        ))  # fmt: skip
    return rows


def _sixteen() -> Finding:
    share = wins(_read("p3_sixteen_labels"))
    return Finding(
        f"16 labels of a task on an unseen space: share of {share.triples:.0f} draws in which it ranks better than "
        "both", f"{share['better than LightGBM and MACs']:.0%}", "LightGBM on features from scratch, MACs",
    )  # fmt: skip


def _twenty() -> Finding:
    table = _read("p4_twenty_labels")
    table = table[table.draw.notna()]
    means = table.groupby("score").rho.mean()
    pairs = table.groupby(["space", "task"]).ngroups
    return Finding(
        f"20 labels of an unseen task of TransNAS-Bench-101 (mean of {pairs} pairs of space and task), rho",
        f"{means['fine-tuned']:.3f}", _beside(means, (*BASELINES, PLAIN)),
    )  # fmt: skip


def _latency() -> Finding:
    table = _read("p5_latency")
    ours = table[table.row == "a"].groupby("score").rho.mean()
    alone = table[table.row == "no sources"].groupby("score").rho.mean()
    devices = table.device.nunique()
    return Finding(
        f"latency on {devices} unseen devices, ten measurements each, rho", f"{ours['new device']:.3f}",
        f"MACs {alone['MACs as trained']:.3f}, LightGBM on features {alone['LightGBM on features']:.3f}",
        f"HELP {ours['HELP (published)']:.3f}",
    )  # fmt: skip


def _devices() -> Finding:
    table = _read("devices")
    real = table[table.space == "timm"]
    return Finding(
        f"latency of real networks of unseen families on {real.device.nunique()} setups of GPUs and CPUs, rho; median "
        "error; 90 % intervals that held", f"{real.rho.mean():.3f}; {real.relative_error.mean():.1%}; "
        f"{real.coverage.mean():.1%}",
        f"MACs {real.rho_macs.mean():.3f}, parameters {real.rho_params.mean():.3f}, LightGBM on the same totals of "
        f"work {real.rho_trees.mean():.3f}; {real.trees_error.mean():.1%}",
    )  # fmt: skip


def _coverage() -> list[Finding]:
    table = _read("coverage")
    known = table[table.kind == "known space"]
    inside = (known.coverage * known.n).groupby(known.space).sum() / known.groupby("space").n.sum()
    unseen = table[table.kind == "unseen space"].coverage
    return [
        Finding(
            f"90 % intervals of networks held out in known spaces ({len(inside)}): coverage",
            f"{inside.min():.1%} to {inside.max():.1%}", "",
        ),
        Finding(
            f"90 % intervals in unseen spaces ({len(unseen)}; flagged as unfamiliar): coverage",
            f"{unseen.min():.1%} to {unseen.max():.1%}", "",
        ),
    ]  # fmt: skip


def _generation() -> Finding:
    table = pd.read_csv(RESULTS / "p7_generation.csv", dtype={"labels": str})
    part = table[(table.space == "nasbench201") & (table.task == "cifar10")]
    seen = part[part.labels == "100"].groupby("method")
    best, mean = seen["best of first 2"].median(), seen["guided mean"].mean()
    return Finding(
        "generated NAS-Bench-201 cells, 100 labels seen, measured CIFAR-10 accuracy (optimum "
        f"{part.optimum.max():.2f}): best of the first two; mean of 1,000",
        f"{best['generated']:.2f}; {mean['generated']:.2f}",
        ", ".join(
            f"{name} {best[f'{name} + predictor']:.2f}; {mean[f'{name} + predictor']:.2f}"
            for name in ("random", "evolution")
        ) + " (same predictor, as many calls)",
        "DiffusionNAG, DiNAS 94.37",
    )  # fmt: skip


def _budgets() -> Finding:
    table = _read("p8_budgets")
    share = table.groupby("space")["mean / reference of four"].mean()
    return Finding(
        f"networks generated for {len(table)} random budgets in {len(share)} spaces that meet them, counted on the "
        "written files", f"{table.met.sum():,} of {table.n.sum():,}",
        f"predicted quality {share.min():.2%} to {share.max():.2%} of the best four found by listing or evolution",
    )  # fmt: skip


def _speed() -> list[Finding]:
    told = _read("p9_speed").set_index("what").milliseconds
    made = _read("p9_generation").set_index("what")
    file, peer, cold, batch = (
        told[told.index.str.contains(words)].iloc[0]
        for words in ("-> graph", "onnxslim alone", "cold", "1000 NAS-Bench-201 files")
    )
    return [
        Finding(
            "a file of 264 nodes to graph, features and text, milliseconds on two cores", f"{file:.1f}",
            f"onnxslim alone {peer:.0f}",
        ),
        Finding("`archlm predict` on it, cold; in a batch of 1,000 files, each", f"{cold / 1000:.2f} s; {batch:.1f} ms",
                ""),
        Finding(
            "`archlm generate`, 16 networks with ONNX, source and report, cold; 1,000 networks, each",
            f"{made.seconds.iloc[0]:.1f} s; {made['seconds each'].iloc[1:].max():.4f} s", "",
        ),
    ]  # fmt: skip
