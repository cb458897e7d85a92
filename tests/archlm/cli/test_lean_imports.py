"""Hiding packages while something is imported, and not a moment longer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from archlm.cli.lean_imports import hidden, uncompiled


def test_a_hidden_package_is_as_if_not_installed_and_comes_back() -> None:
    sys.modules.pop("wave", None)
    with pytest.raises(ImportError), hidden(("wave",)):
        import wave
    import wave

    assert wave.__name__ == "wave"


def test_a_package_that_is_in_use_stays() -> None:
    with hidden(("json",)):
        assert sys.modules["json"] is json


def test_a_package_in_use_finds_what_it_needs() -> None:
    """As where a command runs in a process that has imported the trainer of transformers, and a part of it is left."""
    sys.modules.pop("wave", None)
    with hidden(("json", "wave")):
        import wave

        assert wave is not None


def test_a_generator_is_read_where_others_were_imported() -> None:
    code = (
        "import sys, transformers; from archlm.cli.main import main\n"
        "sys.argv = 'archlm generate --space nasbench201 --n 2 --steps 5'.split()\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr


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


def test_a_generator_is_read_without_the_compiler_which_comes_back() -> None:
    code = (
        "import sys; from archlm.cli.lean_imports import OF_DIFFUSERS, hidden, uncompiled\n"
        "with hidden(OF_DIFFUSERS), uncompiled():\n"
        "    import generators.pipeline\n"
        "from archlm.generation.generator import Generator\n"
        "with uncompiled():\n"
        "    made = Generator.from_pretrained()\n"
        "print([m for m in ('torch._dynamo', 'sympy') if m in sys.modules])\n"
        "import torch\n"
        "optimiser = torch.optim.AdamW(made.pipeline.score.parameters())\n"
        "print(hasattr(torch._dynamo, 'optimize'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False)
    assert done.stdout == "[]\nTrue\n", done.stderr


def test_a_compiler_that_is_in_use_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch._dynamo", sys)
    with uncompiled():
        assert sys.modules["torch._dynamo"] is sys
    assert sys.modules["torch._dynamo"] is sys


def test_what_is_decorated_meanwhile_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch._dynamo", raising=False)
    with uncompiled():
        compiler = sys.modules["torch._dynamo"]
        assert compiler.allow_in_graph(len) is len and compiler.disable(len, recursive=False) is len
        assert compiler.disable()(len) is len
    assert "torch._dynamo" not in sys.modules
