"""Errors of runs and checkpoints."""

from __future__ import annotations


class RunError(ValueError):
    """Something cannot be done with a run; the message says why."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message says what is wrong with which file, and what to do."""
