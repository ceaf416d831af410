"""What all components written in JavaScript share."""

from __future__ import annotations

from pathlib import Path


def source(module_file: str, name: str) -> str:
    """The text of a file beside a component's module.

    Args:
        module_file: ``__file__`` of the module.
    """
    return (Path(module_file).parent / name).read_text(encoding="utf-8")
