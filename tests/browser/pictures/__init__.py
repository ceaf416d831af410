"""Small pictures of the pages for the README: ``python -m tests.browser.pictures`` makes them anew."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MOST = 300_000
"""Bytes of all together."""
