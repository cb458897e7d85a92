"""External data is never opened, whatever the reference looks like.

Covers CVE-2022-25882, CVE-2024-27318, CVE-2025-51480, CVE-2026-27489, CVE-2026-34445, CVE-2026-34446 and
GHSA-7w46-vvrh-m8q5, which onnx has closed since 1.21; and CVE-2026-28500 (`onnx.hub` fetches without asking) and
CVE-2025-32434 (`torch.load` runs code): neither module is even imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests import hostile

_ROOT = Path(__file__).resolve().parents[3]

# An audit hook sees every file that Python opens and cannot be taken off again, so it runs in a process of its own.
_SCRIPT = """
import sys
from onnx_bench.reader import read_graph
from tests import hostile

names = [n for n in hostile.CASES if n.startswith("external_")]
models = [hostile.CASES[n].make() for n in names]
read_graph(hostile.convolution().SerializeToString(), trusted=True)  # imports happen here
opened = []
sys.addaudithook(lambda event, args: opened.append(args[0]) if event in ("open", "os.open") else None)
for data in models:
    graph = read_graph(data, trusted=True)
    assert graph.params == 108, graph
print([m for m in ("onnx.hub", "torch") if m in sys.modules])
print(len(models), [name for name in opened if not str(name).endswith((".py", ".pyc"))])
"""


def test_nothing_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(432))
    (tmp_path / "link_to_secret").symlink_to(secret)
    os.link(secret, tmp_path / "hard_link_to_secret")
    os.mkfifo(tmp_path / "w")  # a reader of this would wait for ever
    run = subprocess.run(
        [sys.executable, "-c", _SCRIPT], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.stderr == ""
    assert run.stdout == f"[]\n{sum(n.startswith('external_') for n in hostile.CASES)} []\n"
