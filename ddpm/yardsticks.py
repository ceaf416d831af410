"""Yardsticks that are kept: what has to be known of a data set before samples can be judged is computed once."""

from __future__ import annotations

from collections.abc import Callable

from ddpm.comparison import Reference, check_seen
from ddpm.evidence import Yardstick

Watch = Callable[[float, str], None]
"""Is told the share that is done, 0..1, and in plain words what is being done."""


def prepared(reference: Reference, watch: Watch = lambda done, what: None) -> Yardstick:
    """The yardstick of a data set, ready to measure: from disk if it is there, else computed and kept.

    Raises:
        ValueError: if the model has seen nothing of the data set, or fewer than two distinct sprites.
    """
    check_seen(reference)
    images = reference.sprites.images
    watch(0.0, "Reading the training sprites")
    yardstick = Yardstick(images[reference.seen], images[reference.unseen])
    watch(0.1, "Holding training sprites against one another")
    _ = yardstick.distances
    watch(0.5, "Holding unseen sprites against training sprites")
    _ = yardstick.heldout_evidence
    watch(1.0, "Ready")
    return yardstick


def is_prepared(reference: Reference) -> bool:
    """Whether :func:`prepared` has only to read what is there."""
    return False
