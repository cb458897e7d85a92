"""One fingerprint for a network, however it was exported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onnx_bench.importing.importer import import_model
from onnx_bench.reader import read_graph
from tests.exports.exporters import Exports
from tests.exports.networks import NETWORKS
from tests.exports.table import Cell, common, markdown, row
from tests.exports.ways import QUICK, WAYS

MIN_SUCCEEDING = 8
EVERYDAY = ("resnet", "mobilenet_v3", "convnext", "vit_multihead", "bert", "lstm", "gcn")
"""Networks whose quick exports run by default; the slow run has every network in every way."""


def assert_one_fingerprint(cells: list[Cell]) -> None:
    made = [cell for cell in cells if cell.graph is not None]
    assert len(made) >= MIN_SUCCEEDING, markdown([cells])
    expected = common(made)
    assert [cell.way for cell in made if cell.fingerprint != expected] == []


@pytest.mark.parametrize("network", EVERYDAY)
def test_quick_ways_agree(network: str, export_cache: Path) -> None:
    assert_one_fingerprint(row(network, QUICK, export_cache))


def test_dynamo_exporter_agrees(export_cache: Path) -> None:
    cells = row("vit", ("ts17", "dynamo18", "dynamo23"), export_cache)
    assert len({cell.fingerprint for cell in cells}) == 1


@pytest.mark.parametrize("network", EVERYDAY)
def test_reader_agrees(network: str, export_cache: Path) -> None:
    """What the reader strips from a file before it is imported does not count."""
    exports = Exports(network, export_cache)
    model = exports.torchscript(17)
    found = read_graph(model.SerializeToString(), trusted=True).fingerprint()
    assert found == row(network, ["ts17"], export_cache)[0].fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_all_ways_agree(network: str, export_cache: Path) -> None:
    cells = row(network, WAYS, export_cache)
    print(markdown([cells]))
    assert_one_fingerprint(cells)


def test_networks_differ(export_cache: Path) -> None:
    """The table would be worthless if every network had the same fingerprint. The two plain ViTs are one network."""
    found = {name: row(name, ["ts17"], export_cache)[0].fingerprint for name in NETWORKS}
    assert found["vit"] == found["vit_plain"]
    assert len(set(found.values())) == len(NETWORKS) - 1


def test_markdown_shows_failures_and_differences(export_cache: Path) -> None:
    cells = row("gcn", ["ts13", "ts17"], export_cache)
    other = row("gru", ["ts17"], export_cache)[0]
    odd = replace(other, network="gcn", way="odd")
    text = markdown([[*cells, odd, Cell("gcn", "ts9", failure="SomeError: no such operator")]])
    assert f"| odd | {other.fingerprint[:8]}* |" in text
    assert f"| ts17 | {cells[0].fingerprint[:8]} |" in text
    assert "- gcn by ts9: SomeError: no such operator" in text


@pytest.mark.parametrize("network", EVERYDAY)
def test_written_file_agrees(network: str, export_cache: Path) -> None:
    """Writing the canonical graph as ONNX is one more way to export it."""
    graph = row(network, ["ts17"], export_cache)[0].graph
    assert graph is not None
    assert import_model(graph.to_onnx()).fingerprint() == graph.fingerprint()
