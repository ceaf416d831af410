"""What the program says: its messages go to a terminal and to pages as they stand, and advise what there is."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddpm.cli.main import make_parser
from ddpm.judging.quality import train_forms
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import ROOT

# Model cards are Markdown.
_MARKDOWN = ROOT / "ddpm" / "jobs" / "model_card.py"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The lines and the strings of a module that somebody may read, those that explain the code left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    explaining = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explaining:
            yield node.lineno, node.value


MODULES = sorted((ROOT / "ddpm").rglob("*.py"))


def test_no_message_is_written_as_markdown() -> None:
    found = [f"{path.relative_to(ROOT)}:{line}" for path in MODULES for line, text in texts(path) if "`" in text]
    assert [place for place in found if not place.startswith(str(_MARKDOWN.relative_to(ROOT)))] == []


def options(parser: argparse.ArgumentParser) -> set[str]:
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                found |= options(command)
    return found


def test_messages_name_only_options_that_there_are() -> None:
    known = options(make_parser()) | options(train_forms.make_parser())
    named = {
        (str(path.relative_to(ROOT)), option)
        for path in [*MODULES, *sorted((ROOT / "pages").rglob("*.py"))]
        for _, text in texts(path)
        if "<" not in text and "{" not in text
        for option in re.findall(r"(?<!var\()(?<![\w-])--[a-z][a-z-]*(?![\w:-])", text)
    }
    assert {option for _, option in named} >= {"--holdout", "--download"}
    assert {place for place in named if place[1] not in known} == set()


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_promises_what_its_length_can_give(recipe) -> None:
    promised = [int(minutes) for minutes in re.findall(r"(\d+) minutes", recipe.summary)]
    assert promised in ([], [recipe.default_minutes])
    assert "needs hours" not in recipe.summary


def test_the_slow_recipe_says_what_to_expect() -> None:
    assert f"{RECIPES['original'].default_minutes} minutes" in RECIPES["original"].summary
    assert "hazy" in RECIPES["original"].summary
