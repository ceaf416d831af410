"""What leaves the door when a source cannot be used."""

from __future__ import annotations


class SpriteError(ValueError):
    """A source of sprites cannot be used; the message says what was wrong, where, and what to do."""
