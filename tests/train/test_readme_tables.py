"""README and the model card show what train/results holds."""

from __future__ import annotations

from train import readme_tables


def test_the_pages_are_up_to_date() -> None:
    readme_tables.main(check=True)
