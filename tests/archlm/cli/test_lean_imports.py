"""Hiding packages while something is imported, and not a moment longer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from archlm.cli.lean_imports import hidden


def test_a_hidden_package_is_as_if_not_installed_and_comes_back() -> None:
    sys.modules.pop("wave", None)
    with pytest.raises(ImportError), hidden(("wave",)):
        import wave
    import wave

    assert wave.__name__ == "wave"


def test_a_package_that_is_in_use_stays() -> None:
    with hidden(("json",)):
        assert sys.modules["json"] is json


def test_lightgbm_still_predicts() -> None:
    code = (
        "import sys; from archlm.cli.lean_imports import hidden\n"
        "with hidden():\n"
        "    import lightgbm as lgb\n"
        "import numpy as np\n"
        "x = np.arange(200.0).reshape(-1, 1)\n"
        "model = lgb.train({'verbosity': -1}, lgb.Dataset(x, x[:, 0]), 5)\n"
        "text = lgb.Booster(model_str=model.model_to_string())\n"
        "print(np.ptp(text.predict(x)) > 10, [m for m in ('pandas', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout == "True []\n", done.stderr
