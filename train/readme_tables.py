"""Write the results in README, one row a protocol, and in the model card, all tables, from train/results.

    python -m train.readme_tables          # --check: fail if they are not up to date
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import typer

from archlm.finetuning.selection import NETWORKS
from train.common import RESULTS
from train.generation_tables import budgets, generation, generation_speed
from train.protocols.known_spaces import ALLOWED
from train.protocols.p3_sixteen_labels import wins
from train.readme_digest import findings
from train.records import ROOT, SPACE_TASK

README, MODEL_CARD = ROOT / "README.md", ROOT / "archlm" / "MODEL_CARD.md"
BEGIN = "<!-- results: begin (written by train/readme_tables.py) -->"
END = "<!-- results: end -->"


def _table(frame: pd.DataFrame) -> str:
    head = "| " + " | ".join(frame.columns) + " |"
    rule = "|" + "---|" * len(frame.columns)
    body = ("| " + " | ".join(map(str, row)) + " |" for row in frame.itertuples(index=False))
    return "\n".join([head, rule, *body])


def rows_of(table: pd.DataFrame) -> list[Any]:
    """Rows with columns as attributes."""
    return list(table.itertuples())


def _spread(values: pd.Series) -> str:
    if len(values) == 1 or values.std() < 5e-4:
        return f"{values.mean():.3f}"
    return f"{values.mean():.3f} ± {values.std():.3f}"


def zero_shot() -> str:
    """P1."""
    table = pd.read_csv(RESULTS / "p1_zero_shot.csv")
    most = table.source_networks.max()
    shown = table[table.source_networks.isin([0, 200, most])]
    wanted = {
        "rho_all": "rho, all", "tau_all": "tau, all", "rho_without_none": "rho, without none",
        "partial_rho_given_effective_params": "partial rho given parameters",
    }  # fmt: skip
    rows = [
        {"score": score, "NAS-Bench-101 networks": count or "-"}
        | {new: _spread(group[old]) for old, new in wanted.items()}
        for (score, count), group in shown.groupby(["score", "source_networks"], sort=False)
    ]
    counts = table.iloc[0]
    return (
        f"**Zero-shot NAS-Bench-101 → NAS-Bench-201** ({counts.n_all:,} cells; {counts.n_without_none:,} without "
        f"`none`; {table.seed.nunique()} seeds; every scale from NAS-Bench-101; the combination was named after it had "
        f"been seen; published zero-shot figures: ONNX-Net .747, FLAN .741 on all, GENNAPE .815 without `none`)"
        f"\n\n{_table(pd.DataFrame(rows))}"
    )


def leave_one_space_out() -> str:
    """P2."""
    table = pd.read_csv(RESULTS / "p2_leave_one_space_out.csv")
    table = table[table.task == table.space.map(SPACE_TASK)]
    wide = table.pivot_table(index="score", columns="left_out", values="rho", sort=False)
    wide = wide.assign(mean=wide.mean(axis=1)).map(lambda v: f"{v:.3f}")
    counts = table.drop_duplicates("space").groupby("left_out", sort=False).n.sum()
    wide.columns = [f"{space} ({counts[space]:,})" if space in counts else space for space in wide.columns]
    return (
        f"**A whole space left out** (rho on all its networks, their number in brackets; trained on all others; "
        f"mean of {table.seed.nunique()} seeds; vision transformers: AutoFormer and PiT, CIFAR-100 with distillation)"
        f"\n\n{_table(wide.reset_index())}"
    )


def _by_task(name: str) -> str:
    """The rho of every score for each space and task of a result file."""
    return _table(_wide(pd.read_csv(RESULTS / f"{name}.csv")).map(lambda v: f"{v:.3f}").reset_index())


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    return table.pivot_table(index=["space", "task", "n"], columns="score", values="rho", sort=False)


def known_spaces() -> str:
    """Members inside known spaces."""
    table = pd.read_csv(RESULTS / "known_spaces.csv")
    wide = _wide(table)
    shown = wide.map(lambda v: f"{v:.3f}")
    blends = table[table.score == "blend"].set_index(list(wide.index.names)).loc[wide.index]
    shown["gain (95 %)"] = [f"{row.gain:+.3f} ({row.low:+.3f} to {row.high:+.3f})" for row in rows_of(blends)]
    worse, surely = int((blends.gain < -ALLOWED).sum()), int((blends.high < -ALLOWED).sum())
    means = ", ".join(f"{score} {mean:.3f}" for score, mean in wide.mean().items())
    return (
        "**Inside known spaces** (rho on the fifth of the fingerprints, for real networks of the families, that no "
        f"member has seen; means: {means}; gain of the blend over the member that turns out best, with the range that "
        f"resampling the networks gives: of {len(blends)} blends {worse} rank more than {ALLOWED} below it, {surely} "
        f"surely)\n\n{_table(shown.reset_index())}"
    )


def unseen_task() -> str:
    """P4 without labels."""
    return (
        "**A task nobody trained on** (rho; TransNAS-Bench-101, the task left out and asked by its description, no "
        f"label of it)\n\n{_by_task('p4_unseen_task')}"
    )


def real_networks() -> str:
    """P6."""
    table = pd.read_csv(RESULTS / "p6_real_networks.csv")
    rows = [
        {"score": score, "tau": _spread(group.tau), "rho": _spread(group.rho), "folds": len(group)}
        for score, group in table.groupby("score", sort=False)
    ]
    first = table[(table.seed == 0) & (table.score == "MACs")]
    return (
        f"**Real networks of unseen families** (timm, trained on ImageNet-1k alone: {first.n.sum()} networks, "
        f"{first.families.sum()} families; mean ± deviation over folds)\n\n{_table(pd.DataFrame(rows))}"
    )


def few_labels() -> str:
    """P3."""
    table = pd.read_csv(RESULTS / "p3_few_labels.csv")
    ours = table[~table.score.str.contains("published|ceiling")]
    wide = ours.pivot_table(index=["space", "labels"], columns="score", values="tau", sort=False)
    wide = wide.map(lambda v: f"{v:.3f}").reset_index()
    named = table[table.score.str.contains("published")].set_index(["space", "labels"])
    beside = [named.loc[(row.space, row.labels)] for row in rows_of(wide)]
    runs = ours.groupby(["space", "labels"], sort=False)
    wide["draws"] = runs.draw.nunique().to_numpy()
    tuned = runs.shares.agg(lambda shares: bool(shares.str.contains(NETWORKS).any()))
    wide["graph networks"] = ["trained further" if found else "as they come" for found in tuned]
    wide["published"] = [f"{row.score.removesuffix(' (published)')} {row.tau:.3f}" for row in beside]
    wide["labels"] = wide["labels"].map(lambda n: f"{n:,.0f}")
    ceiling = table[table.score.str.contains("ceiling")].groupby("space", sort=False).tau.mean()
    allowed = " and ".join(f"{tau:.3f} on {space}" for space, tau in ceiling.items())
    note = f" The noise of single runs allows tau {allowed}." if allowed else ""
    return (
        "**A few labels of a space that was not seen** (Kendall's tau on all other distinct networks, mean of the "
        "draws; transnas_micro: mean of seven tasks; training graph networks further takes minutes and was left out of "
        "some rows)."
        f"{note}\n\n{_table(wide)}"
    )


def sixteen_labels() -> str:
    """Sixteen labels of every task of every left-out space."""
    table = pd.read_csv(RESULTS / "p3_sixteen_labels.csv")
    share = wins(table)
    told = ", ".join(f"{name} in {value:.0%}" for name, value in share.items() if name != "triples")
    means = table.pivot_table(index="space", columns="score", values="rho", sort=False).map(lambda v: f"{v:.3f}")
    return (
        f"**Sixteen labels of a task on a space that was not seen** (rho; {share.triples:.0f} triples of space, task "
        f"and draw): {told}.\n\n{_table(means.reset_index())}"
    )


def twenty_labels() -> str:
    """P4 with labels."""
    table = pd.read_csv(RESULTS / "p4_twenty_labels.csv")
    ours = table[~table.score.str.contains("published")]
    rows = [
        {"space": space, "task": task} | {
            name: f"{group.rho.mean():.3f} / {group.mae.mean():.3g}"
            for name, group in part.groupby("score", sort=False)
        }
        for (space, task), part in ours.groupby(["space", "task"], sort=False)
    ]
    return (
        f"**Twenty labels of a task that was not seen** (rho / mean absolute error; mean of {ours.draw.nunique():.0f} "
        "draws; graph network, no labels: of the six other tasks, asked by description; plain graph network: of "
        f"NAS-Bench-101 alone, AIO-P's baseline)\n\n{_table(pd.DataFrame(rows))}"
    )


def latency() -> str:
    """P5."""
    table = pd.read_csv(RESULTS / "p5_latency.csv")
    wide = table.pivot_table(index=["row", "score"], columns="device", values="rho", sort=False)
    wide = wide.assign(mean=wide.mean(axis=1)).map(lambda v: f"{v:.3f}")
    return (
        "**Latency on an unseen device from ten measurements** (HELP's protocol: rho on all other connected cells of "
        "NAS-Bench-201, mean of five draws; row a: HELP's sources, b: without the vendor family of the device, the "
        f"others stricter still)\n\n{_table(wide.reset_index())}"
    )


def later_networks() -> str:
    """What weights said of networks that they had not learnt from."""
    table = pd.read_csv(RESULTS / "later_networks.csv").drop(columns=["seed", "command", "commit"])
    return (
        "**Real networks that came later** (timm and torchvision, ImageNet-1k; asked of the weights of before, which "
        "had seen none of them, and nothing of the families of the second row: VGG, VOLO, AlexNet, GoogLeNet, "
        "ShuffleNetV2, SqueezeNet; errors in points; they are among the known ones now)\n\n"
        f"{_table(table.round(3).astype(str))}"
    )


def known_devices() -> str:
    """Latency on the devices that ship."""
    table = pd.read_csv(RESULTS / "devices.csv")
    table = table[table.form == "canonical"]
    means = table.groupby(["device", "space"], sort=False).agg({
        "n": "mean", "rho": "mean", "rho_macs": "mean", "rho_params": "mean", "rho_trees": "mean",
        "relative_error": "mean", "trees_error": "mean", "coverage": "mean", "width": "mean",
    }).reset_index()  # fmt: skip
    shown = means.assign(
        n=means.n.round().astype(int), relative_error=means.relative_error.map("{:.1%}".format),
        trees_error=means.trees_error.map("{:.1%}".format), coverage=means.coverage.map("{:.1%}".format),
        width=means.width.map("x {:.2f}".format),
        **{name: means[name].map("{:.3f}".format) for name in ("rho", "rho_macs", "rho_params", "rho_trees")},
    ).rename(columns={
        "rho_macs": "rho of MACs", "rho_params": "rho of parameters", "rho_trees": "rho of LightGBM on work",
        "relative_error": "median error", "trees_error": "of LightGBM on work",
        "width": "upper end / lower end",
    })  # fmt: skip
    return (
        "**Latency on the devices that ship** (a fifth of the fingerprints held out; timm: a fifth of the families of "
        f"real networks, mean of {table.seed.nunique()} draws, milliseconds an image from the throughput of large "
        f"batches)\n\n{_table(shown)}"
    )


def coverage() -> str:
    """Intervals."""
    table = pd.read_csv(RESULTS / "coverage.csv")
    rows = [
        {
            "held out": row.kind, "space": row.space, "task": row.task, "n": row.n, "coverage": f"{row.coverage:.1%}",
            "mean width": f"{row.mean_width:.3g}", "mean error": f"{row.mae:.3g}", "rho": f"{row.rho:.3f}",
            "flagged unfamiliar": f"{row.flagged / row.n:.1%}",
        }
        for row in rows_of(table)
    ]  # fmt: skip
    return (
        "**Do the 90 % intervals hold?** Known spaces: a fifth of the fingerprints (families for timm) held out; an "
        "architecture counts once. Unseen spaces: nothing of the space was seen.\n\n"
        f"{_table(pd.DataFrame(rows))}"
    )


def speed() -> str:
    """P9."""
    table = pd.read_csv(RESULTS / "p9_speed.csv")
    rows = [{"what": row.what, "milliseconds": f"{row.milliseconds:.1f}"} for row in rows_of(table)]
    return f"**Speed** (medians, two cores, one run)\n\n{_table(pd.DataFrame(rows))}"


def main(check: bool = False) -> None:
    """Rewrite the tables between the markers."""
    sections = [
        zero_shot(), leave_one_space_out(), known_spaces(), real_networks(), later_networks(), unseen_task(),
        few_labels(), sixteen_labels(), twenty_labels(), latency(), known_devices(), coverage(), speed(),
        *(f"{heading}\n\n{_table(table)}" for heading, table in (generation(), budgets(), generation_speed())),
    ]  # fmt: skip
    digest = pd.DataFrame(findings(), columns=["measured", "archlm", "beside it", "published"])
    for page, parts in {README: [_table(digest)], MODEL_CARD: sections}.items():
        block = "\n\n".join([BEGIN, *parts, END])
        text = page.read_text()
        before, rest = text.split(BEGIN)
        fresh = before + block + rest.split(END)[1]
        if check and fresh != text:
            raise SystemExit(f"{page.relative_to(ROOT)} does not show train/results; run python -m train.readme_tables")
        page.write_text(fresh)


if __name__ == "__main__":
    typer.run(main)
