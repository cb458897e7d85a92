"""The example in README.md with the output of this version: `python -m tests.readme_example`."""

from __future__ import annotations

import re

from typer.testing import CliRunner

from archlm.cli.main import app
from tests.code_map import REPOSITORY

FILE = REPOSITORY / "README.md"
SECTION = re.compile(r"(?<=```console\n)\$ archlm (?P<arguments>.*)\n(.|\n)*?(?=```)")


def example(arguments: str) -> str:
    """The command and what it prints, without blank lines at the ends and spaces at the ends of lines."""
    shown = CliRunner().invoke(app, arguments.split()).output
    lines = "\n".join(line.rstrip() for line in shown.split("\n")).strip("\n")
    return f"$ archlm {arguments}\n{lines}\n"


if __name__ == "__main__":
    text = FILE.read_text()
    FILE.write_text(SECTION.sub(lambda found: example(found["arguments"]), text))
