"""Features and proxies side by side, by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from encoders import features, proxies
from onnx_bench.errors import UnknownNameError
from tests.encoders.proxies.networks import chain, perceptron


def test_columns_are_those_of_both() -> None:
    graphs = [perceptron(), chain(5, 4, 3), perceptron(width=9)]
    columns = proxies.with_features(graphs, ["synflow", "naswot"], batch=4)
    assert list(columns) == [*features.NAMES, "proxy_synflow", "proxy_naswot"]
    table = pd.DataFrame(columns)
    assert table.shape == (3, len(features.NAMES) + 2)
    np.testing.assert_array_equal(table[list(features.NAMES)], features.compute_many(graphs))
    for row, graph in enumerate(graphs):
        told = proxies.compute(graph, ["synflow", "naswot"], batch=4)
        np.testing.assert_array_equal(table.loc[row, ["proxy_synflow", "proxy_naswot"]], list(told.values()))
    assert np.isnan(columns["proxy_naswot"]).tolist() == [False, True, False]


def test_no_graphs_give_empty_columns() -> None:
    columns = proxies.with_features([])
    assert len(columns) == len(features.NAMES) + len(proxies.NAMES)
    assert all(values.shape == (0,) for values in columns.values())


def test_an_unknown_proxy_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="fisher"):
        proxies.with_features([chain(3, 2)], ["fisher"])
