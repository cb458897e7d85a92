"""`archlm generate`: networks for a task, within budgets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from archlm.cli.lean_imports import OF_DIFFUSERS, hidden, uncompiled
from archlm.cli.predict_output import familiarity
from archlm.cli.terminal import clean, fail, print_json, print_table, status
from onnx_bench.errors import ArchLMError, UnknownNameError
from onnx_bench.prefixed import count

if TYPE_CHECKING:
    from archlm.generation.generated import Generated
    from archlm.predictor import Predictor
    from generators.condition import Condition
    from onnx_bench.tasks.task import Task

_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)\s*([kKmMgGtT]?)")
_SIZES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}


def quantity(text: str) -> float:
    """A number such as 600k, 1.5M or 2G."""
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter(f"{text!r} is no number; write it as 1000000, 1M, 600k or 2.5G")
    return float(match[1]) * _SIZES[match[2].lower()]


def generate(
    sentence: Annotated[
        str | None,
        typer.Argument(help='What is asked, in words: "a network for CIFAR-100 under 1M parameters, low latency on '
                       'raspi4". Options say the same and win over it.'),
    ] = None,
    task: Annotated[str | None, typer.Option("--task", help="The task to be good at; see `archlm tasks`.")] = None,
    space: Annotated[
        str | None, typer.Option("--space", help="The search space; those in which the task was measured if left out.")
    ] = None,
    max_params: Annotated[
        float | None, typer.Option("--max-params", parser=quantity, metavar="N", help="Most parameters, such as 1M.")
    ] = None,
    max_macs: Annotated[
        float | None, typer.Option("--max-macs", parser=quantity, metavar="N", help="Most multiply-accumulates.")
    ] = None,
    max_depth: Annotated[int | None, typer.Option("--max-depth", help="Most layers on a path.")] = None,
    max_latency: Annotated[
        list[str] | None,
        typer.Option("--max-latency", metavar="DEVICE=MS", help="Most milliseconds on a device; may be repeated."),
    ] = None,
    at_most: Annotated[
        list[str] | None,
        typer.Option("--max", metavar="NAME=VALUE", help="The most that may be predicted on a task, such as what "
                     "--model was fitted to; may be repeated."),
    ] = None,
    at_least: Annotated[
        list[str] | None,
        typer.Option("--min", metavar="NAME=VALUE", help="The least that may be predicted on a task; may be repeated."),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option("--objective", metavar="COST", help="Keep it low: params, macs, depth or latency/DEVICE, or be "
                     "good at another task too; the answer is then a Pareto set. May be repeated."),
    ] = None,
    language_model: Annotated[
        str | None,
        typer.Option("--language-model", metavar="MODEL", help="Let a language model read the sentence instead of the "
                     "grammar: a folder, or http(s)://host/v1#name. What it answers is checked and shown."),
    ] = None,
    num: Annotated[
        int | None, typer.Option("--n", "--num", min=1, help="How many networks; 16 where the sentence says nothing.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=(1 << 32) - 1, help="Of everything random.")] = 0,
    guidance: Annotated[
        float, typer.Option("--guidance", min=0.0, help="How strongly the predictor pulls; 0 draws at random.")
    ] = 12.0,
    steps: Annotated[int, typer.Option("--steps", min=1, max=1000, help="Steps of the reverse pass.")] = 20,
    evolve: Annotated[
        int | None,
        typer.Option("--evolve", metavar="CALLS", min=1, help="Search by regularised evolution with so many calls of "
                     "the predictor instead, to compare."),
    ] = None,
    illuminate: Annotated[
        str | None,
        typer.Option("--illuminate", metavar="COSTS", help="Fill a grid over one or two costs or tasks "
                     "(params,latency/raspi4) with the best network for each cell, instead of --n networks."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="FOLDER", help="What `archlm finetune` wrote: guides to its own task, "
                     "and its predictions can be limited with --max and --min."),
    ] = None,
    generator: Annotated[
        Path | None, typer.Option("--generator", metavar="FOLDER", help="Another generator than the shipped one.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Write each network as ONNX and as PyTorch source, and a report."),
    ] = None,
    weights: Annotated[
        bool, typer.Option("--weights", help="With --out: random initial weights in the ONNX files.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the networks as JSON.")] = False,
) -> None:  # fmt: skip
    """Propose networks that are predicted to be best at a task within budgets.

    One guided reverse pass of a graph diffusion model over a batch of that size draws them; at its end the predictor
    is asked about 128 neighbours of the batch, and the best of both are the answer.
    """
    _check_together(
        {"--illuminate": illuminate, "--evolve": evolve}, {"--illuminate": illuminate, "--objective": objective}
    )
    if weights and out is None:
        raise typer.BadParameter("it is about what --out writes; say both", param_hint="--weights")
    if language_model is not None and sentence is None:
        raise typer.BadParameter("it reads a sentence; say one", param_hint="--language-model")
    asked = {
        "task": task, "space": space, "max_params": max_params, "max_macs": max_macs, "max_depth": max_depth,
        "max_latency": _limits(max_latency or (), "--max-latency"), "objectives": tuple(objective or ()),
        "at_most": _limits(at_most or (), "--max"), "at_least": _limits(at_least or (), "--min"),
    }  # fmt: skip
    grid = None
    try:
        with status("loading") as say:
            with hidden(OF_DIFFUSERS) as lean, uncompiled() if lean else nullcontext():
                import generators.pipeline  # noqa: F401  # first, while nothing has imported what it is kept from
            _one_thread()
            predictor = _predictor(model)
            condition, said = _condition(sentence, language_model, asked, list(predictor.own_tasks.values()))
            num = num or said or 16
            from archlm.generation.generator import Generator
            from generators.draw import Settings

            with uncompiled() if lean else nullcontext():
                maker = Generator.from_pretrained(generator, predictor=predictor)
            settings = Settings(steps=steps, guidance_scale=guidance)
            if illuminate is not None:
                from archlm.generation.illuminate import illuminate as fill

                axes = [cost.strip() for cost in illuminate.split(",")]
                grid = fill(maker, condition, axes, seed=seed, settings=settings, progress=say)
                found = grid.networks
            elif evolve is not None:
                from archlm.generation.evolve import evolve_networks

                found = evolve_networks(maker, condition, num, evolve, seed=seed, progress=say)
            else:
                found = maker.generate(condition, num, seed, settings=settings, progress=say)
    except ArchLMError as error:
        if _is_mistake(error):
            raise typer.BadParameter(str(error)) from error
        fail(error, as_json=as_json)
    if as_json:
        from archlm.generation.report import as_listed

        print_json(as_listed(found, condition, grid))
    else:
        _print(found, condition)
        if grid is not None and len(grid.edges) > 1:
            from archlm.cli.grid_output import print_grid

            print_grid(grid)
    if illuminate is None and len(found) < num:
        typer.echo(f"No more than {len(found)} different networks were found for this", err=True)
    if out is None:
        return
    from archlm.generation.report import write_generated

    try:  # last: where it cannot be written, the answer is not lost
        with status("writing") as say:
            write_generated(out, found, condition, grid=grid, weights=weights, seed=seed, progress=say)
    except ArchLMError as error:
        fail(error)
    if not as_json:
        typer.echo(f"Written to {clean(str(out))}: ONNX, source, report.md")


def _check_together(*pairs: Mapping[str, object]) -> None:
    """Raises typer.BadParameter where both options of a pair are given: one would not be heard."""
    for pair in pairs:
        if all(pair.values()):
            first, second = pair
            raise typer.BadParameter(f"it cannot be combined with {second}; say one of them", param_hint=first)


def _is_mistake(error: ArchLMError) -> bool:
    """Whether what is asked for cannot be meant; that nothing was found for it is no mistake in the command."""
    from generators.condition import InvalidConditionError, UnmetConditionError

    return isinstance(error, InvalidConditionError | UnknownNameError) and not isinstance(error, UnmetConditionError)


def _one_thread() -> None:
    """For a few architectures threads bring nothing, and on a busy machine, where they wait for each other, minutes."""
    import torch

    torch.set_num_threads(1)


def _predictor(model: Path | None) -> Predictor:
    with hidden() if model is None else nullcontext():
        from archlm.predictor import Predictor

    return Predictor.from_pretrained(model)


def _condition(
    sentence: str | None, language_model: str | None, options: dict[str, Any], own: Sequence[Task]
) -> tuple[Condition, int | None]:  # fmt: skip
    """The condition of the options, which win, and of the sentence, and how many that wants; its meaning is shown."""
    from generators.condition import Condition
    from generators.sentence import parse_sentence

    given = {name: value for name, value in options.items() if value not in (None, (), {})}
    if sentence is None:
        return Condition(**given), None
    ignored: tuple[str, ...] = ()
    num = None
    if language_model is not None:
        from archlm.generation.language_model import ask_language_model

        condition = ask_language_model(language_model, sentence, **given)
    else:
        condition, ignored, names_task, num = parse_sentence(sentence, own, **given)
        if not names_task:
            typer.echo(f"No task is named: {condition.task} is taken; `archlm tasks` lists all", err=True)
    many = f"{num} network{'s' * (num > 1)}, " if num else ""
    typer.echo(f"Understood: {many}{clean(str(condition))}", err=True)
    if ignored:
        typer.echo(f"Not used: {clean(', '.join(ignored))}", err=True)
    return condition, num


_EXAMPLES = {"--max-latency": "DEVICE=MS, such as raspi4=20", "--max": "NAME=VALUE, such as latency=12",
             "--min": "NAME=VALUE, such as accuracy=90"}  # fmt: skip


def _limits(texts: Sequence[str], option: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        sign, size = (-1, number.strip()[1:]) if number.strip().startswith("-") else (1, number)
        try:
            value = sign * quantity(size)
        except typer.BadParameter:
            raise typer.BadParameter(f"{text!r}: write {_EXAMPLES[option]}", param_hint=option) from None
        if not name.strip():
            raise typer.BadParameter(f"{text!r}: write {_EXAMPLES[option]}", param_hint=option)
        if found.setdefault(name.strip(), value) != value:
            raise typer.BadParameter(f"{name.strip()} is limited twice; say one", param_hint=option)
    return found


def _print(found: Sequence[Generated], condition: Condition) -> None:
    from archlm.generation.pareto import front
    from generators.limit import unit_of
    from generators.targets import COSTS
    from onnx_bench.tasks import get_task

    unit = get_task(condition.task).unit
    costs = list(found[0].costs)
    ends = front(found, condition.objectives).members if condition.objectives else ()
    pareto = ["front"] if condition.objectives else []
    columns = ["", "space", "predicted", "90 % interval", "familiar", *costs, *pareto, "budgets", "architecture"]
    rows = []
    for number, one in enumerate(found, 1):
        numbers = [
            count(one.costs[name]) if name in COSTS else f"{one.costs[name]:.3g}{unit_of(name)}" for name in costs
        ]
        interval = f"{one.answer['q05']:.4g} to {one.answer['q95']:.4g} {unit}"
        familiar = familiarity(one.answer["in_distribution"])
        predicted = f"{one.answer['mean']:.4g} {unit}"
        if pareto:
            numbers += ["yes" if number - 1 in ends else ""]
        rows.append([f"{number:02d}", one.space, predicted, interval, familiar, *numbers, one.verdict, one.arch])
    title = f"{len(found)} network{'s' * (len(found) > 1)}: {condition}"
    print_table(title, columns, rows, right=("predicted", "90 % interval", *costs))
