"""`archlm generate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archlm.cli.generate import quantity
from tests.archlm.cli.conftest import Run

QUICK = ("--steps", "5")


def test_a_sentence_is_shown_and_used(archlm_command: Run, tmp_path: Path) -> None:
    shown = archlm_command(
        "generate", "three robust nasbench201 networks for CIFAR-100 under 1M parameters", *QUICK, "--json",
        "--out", tmp_path / "made",
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert "Understood: 3 networks, task cifar100, space nasbench201, params <= 1M" in shown.stderr
    assert "Not used: robust" in shown.stderr
    found = json.loads(shown.stdout)
    assert len(found["networks"]) == 3
    for one in found["networks"]:
        assert one["costs"]["params"] <= 1e6 and one["exceeded"] == {} and one["prediction"]["task"] == "cifar100"
    assert json.loads((tmp_path / "made" / "networks.json").read_text()) == found
    assert (tmp_path / "made" / "03.onnx").is_file() and (tmp_path / "made" / "03.py").is_file()


def test_an_answer_is_shown_though_it_cannot_be_written(archlm_command: Run, tmp_path: Path) -> None:
    (tmp_path / "made").write_text("a file")
    shown = archlm_command("generate", "--space", "nats_size", "--n", 1, *QUICK, "--json", "--out", tmp_path / "made")
    assert shown.exit_code == 1 and "cannot write" in shown.stderr
    assert len(json.loads(shown.stdout)["networks"]) == 1


def test_a_table_is_printed(archlm_command: Run) -> None:
    words = "five nets"  # what an option says holds
    shown = archlm_command("generate", words, "--space", "nats_size", "--max-macs", "30M", "--n", 2, *QUICK)
    assert shown.exit_code == 0, shown.output
    assert "2 networks: task cifar10, space nats_size, macs <= 30M" in shown.stdout
    assert shown.stdout.count("met") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--space", "nasbench201", "--max-params", "10"), "nearest"),
        (("--generator", "nowhere"), "no generator"), (("--model", "nowhere"), "nowhere"),
    ],
)  # fmt: skip
def test_what_cannot_be_found_is_one_line(archlm_command: Run, arguments: tuple[str, ...], said: str) -> None:
    shown = archlm_command("generate", *arguments, "--n", 1, *QUICK)
    assert shown.exit_code == 1 and said in shown.stderr, shown.output
    assert shown.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--task", "cifar11"), "cifar11"), (("--space", "moon"), "moon"), (("under 10 bananas",), "bananas"),
        (("--max-latency", "toaster=5"), "toaster"), (("--objective", "size"), "size"),
        (("--max-params", "0"), "positive"), (("--min", "params=1M"), "no lower limit"), (("--max", "fame=3"), "fame"),
        (("--illuminate", "params,macs,depth", "--space", "nats_size"), "one or two"),
        (("--guidance", "inf"), "finite"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_mistake_in_the_command(
    archlm_command: Run, arguments: tuple[str, ...], said: str
) -> None:  # fmt: skip
    shown = archlm_command("generate", *arguments, "--n", 1, *QUICK, "--json")
    assert shown.exit_code == 2 and said in " ".join(shown.stderr.replace("│", " ").split()), shown.output
    assert shown.stdout == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--max-params", "many"), ("--max-latency", "raspi4"), ("--n", "0"), ("--max", "latency"), ("--min", "=3"),
        ("--max", "latency=few"), ("--max-latency", "raspi4=1", "--max-latency", "raspi4=2"), ("--weights",),
        ("--illuminate", "params", "--evolve", "9"), ("--illuminate", "params", "--objective", "macs"),
        ("--language-model", "somewhere"), ("--seed", "-1"), ("--seed", 1 << 64),
    ],
)  # fmt: skip
def test_wrong_options_are_usage_errors(archlm_command: Run, arguments: tuple[str, ...]) -> None:
    assert archlm_command("generate", *arguments).exit_code == 2


def test_predictions_are_limited(archlm_command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archlm.generation.teaching.LIMITS_SAMPLE", 60)
    monkeypatch.setattr("archlm.generation.teaching.LIMITS_STEPS", 20)
    limits = ("--max", "cifar100=65", "--min", "cifar100=40", "--max", "params=1M")
    shown = archlm_command("generate", "--space", "nasbench201", *limits, "--n", 1, *QUICK, "--json")
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert found["condition"] == "task cifar10, space nasbench201, params <= 1M, cifar100 <= 65 %, cifar100 >= 40 %"
    (one,) = found["networks"]
    assert 40 <= one["costs"]["cifar100"] <= 65 and one["exceeded"] == {}


@pytest.mark.parametrize(
    ("text", "number"), [("600k", 6e5), ("1.5M", 1.5e6), ("2G", 2e9), ("1000", 1000.0), ("1.5e6", 1.5e6)]
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == number
