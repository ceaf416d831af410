"""Curves of the recipe "original" on some data sets, measured once and stored with the program."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import read_json, replace_bytes
from ddpm.runs.run import Run

_FILE = Path(__file__).with_name("baseline.json")


@dataclass(frozen=True)
class BaselineCurve:
    """Held-out error of a run of the recipe "original".

    Attributes:
        data: name of the sprites.
        heldout: one value per step: mean squared error of the predicted noise on the log-SNR grid, averaged weights;
            "heldout" in the metrics of any run is the same measure.
    """

    data: str
    fingerprint: str
    machine: str
    steps: tuple[int, ...]
    heldout: tuple[float, ...]


def baseline_curve(fingerprint: str) -> BaselineCurve | None:
    """The curve of the original recipe on these sprites, if there is one."""
    for curve in _stored():
        if curve["fingerprint"] == fingerprint:
            return BaselineCurve(**{**curve, "steps": tuple(curve["steps"]), "heldout": tuple(curve["heldout"])})
    return None


def keep_baseline_curve(run: Run, most: int = 60) -> BaselineCurve:
    """Store the curve of a run of the recipe "original"; an older one of the same sprites is replaced.

    Args:
        most: points that are kept, evenly over the steps; at least 2.

    Raises:
        ValueError: if the run is of another recipe, or measured nothing on held-out sprites.
        OSError: if the file cannot be written.
    """
    config = run.config()
    if config.get("preset") != "original":
        raise ValueError(f"{run.folder} is not a run of the recipe original")
    points = [(record["step"], record["heldout"]) for record in run.metrics() if "heldout" in record]
    if len(points) < 2:
        raise ValueError(f"{run.folder} has no curve of held-out sprites")
    kept = np.unique(np.linspace(0, len(points) - 1, most).round().astype(int))
    steps, heldout = zip(*(points[i] for i in kept), strict=True)
    data = config["data"]
    curve = BaselineCurve(
        data["name"], data["fingerprint"], config["machine"], steps, tuple(round(value, 4) for value in heldout)
    )
    others = [other for other in _stored() if other["fingerprint"] != curve.fingerprint]
    replace_bytes(_FILE, (json.dumps({"curves": [*others, asdict(curve)]}) + "\n").encode())
    return curve


def _stored() -> list[dict[str, Any]]:
    try:
        return read_json(_FILE)["curves"]
    except FileNotFoundError:
        return []
