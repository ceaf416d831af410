"""When a training began to copy, from its own records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ddpm.judging.statistics import Proportion, proportion


@dataclass(frozen=True)
class CopyingOnset:
    """The first self-check of a training that found copies.

    Attributes:
        step: after how many steps.
        seconds: of training up to then; None if the record does not say.
        near: near copies among the samples drawn then, with interval; its floor is the rate to be expected.
        exact: exact copies among them.
        false_positive_rate: at which near copies were counted.
        before: the step of the check before; None if this was the first.
    """

    step: int
    seconds: float | None
    near: Proportion
    exact: int
    false_positive_rate: float
    before: int | None

    @property
    def sentence(self) -> str:
        """The onset in words."""
        floor = self.near.floor or 0.0
        since = f"between steps {self.before:,} and {self.step:,}" if self.before else f"by step {self.step:,}"
        return (
            f"It began to copy {since}: {self.near.count:,} of {self.near.n:,} sprites drawn then were near copies "
            f"({self.near.rate:.1%}), where {floor:.1%} would be chance."
        )


def copying_onset(metrics: Iterable[dict[str, Any]], false_positive_rate: float = 0.01) -> CopyingOnset | None:
    """The first check with more near copies than chance; None if there is none.

    More than chance: the low end of their 95% interval is above the false-positive rate and the rate of held-out
    sprites.

    Args:
        metrics: from :meth:`ddpm.runs.run.Run.metrics`; damaged records are ignored.
        false_positive_rate: one of :data:`ddpm.jobs.self_check.RATES`.
    """
    before = None
    for record in metrics:
        step, check = record.get("step"), record.get("check")
        if not isinstance(step, int) or not isinstance(check, dict):
            continue
        near = _share(check, false_positive_rate)
        n = check.get("samples")
        if near is None or not isinstance(n, int) or n < 1:
            continue
        unseen = _share(check.get("real"), false_positive_rate)
        found = proportion(round(near * n), n, max(false_positive_rate, unseen or 0.0))
        if found.low > (found.floor or 0.0):
            seconds, exact = record.get("seconds"), check.get("exact_copies")
            return CopyingOnset(
                step=step,
                seconds=float(seconds) if isinstance(seconds, int | float) else None,
                near=found,
                exact=exact if isinstance(exact, int) else 0,
                false_positive_rate=false_positive_rate,
                before=before,
            )
        before = step
    return None


def _share(check: Any, rate: float) -> float | None:
    shares = check.get("near_copies") if isinstance(check, dict) else None
    value = shares.get(f"{rate:g}") if isinstance(shares, dict) else None
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None
