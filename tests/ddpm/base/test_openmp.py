"""How threads wait is settled before torch is loaded, wherever the program begins."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ddpm.base import openmp
from ddpm.cli.bench.waiting import measure
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import ROOT, TINY, environment

# Ends at the first import of torch, and prints what it would read.
_SPY = """
import json, os, runpy, sys
class Spy:
    def find_spec(self, name, *more):
        if name == "torch":
            names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
            print(json.dumps({name: os.environ.get(name) for name in names}), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Spy())
begin, = sys.argv[1:]
sys.argv[1:] = []
runpy.run_path(begin, run_name="__main__") if begin.endswith(".py") else runpy.run_module(begin, run_name="__main__")
"""
ENTRIES = ["streamlit_app.py", *sorted(f"pages/{path.name}" for path in (ROOT / "pages").glob("*.py")), "ddpm",
           "ddpm.base.matmul", "tests.conftest"]  # fmt: skip


def seen(entry: str, tmp_path: Path, **variables: str) -> dict[str, str | None]:
    """What torch reads where the program begins with ``entry``."""
    plain = {name: value for name, value in environment(tmp_path / "home").items() if name not in openmp.CHOICES}
    done = subprocess.run(
        [sys.executable, "-c", _SPY, entry],
        cwd=ROOT,
        env={**plain, **variables},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("entry", ENTRIES)
def test_wherever_it_begins(entry: str, tmp_path: Path) -> None:
    assert seen(entry, tmp_path) == {"GOMP_SPINCOUNT": str(openmp.SPINS), "OMP_WAIT_POLICY": None}


def test_what_the_user_set_stays(tmp_path: Path) -> None:
    assert seen("ddpm", tmp_path, OMP_WAIT_POLICY="active") == {"GOMP_SPINCOUNT": None, "OMP_WAIT_POLICY": "active"}
    assert seen("ddpm", tmp_path, GOMP_SPINCOUNT="7") == {"GOMP_SPINCOUNT": "7", "OMP_WAIT_POLICY": None}


def test_a_process_measures_itself(tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddpm.cli.bench.waiting._TURNS", 1)
    monkeypatch.setitem(RECIPES, "fast", TINY)
    found = measure(str(tiny_sprites))
    assert list(found) == ["forward_1", "forward_16", "forward_64", "step"]
    assert min(found.values()) > 0


def test_the_bench_takes_all_ways_in_turn(tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ddpm.cli.bench import waiting as bench

    asked: list[tuple[int, str]] = []
    idlers: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def child(source: str, policy: dict[str, str]) -> dict[str, float]:
        running = sum(idler.poll() is None for idler in idlers)
        asked.append((running, json.dumps(policy)))
        return {"step": 10.0 * (1 + running) if policy else 5.0}

    def begin(*arguments: object, **options: object) -> subprocess.Popen[bytes]:
        idlers.append(popen(*arguments, **options))  # type: ignore[call-overload]
        return idlers[-1]

    monkeypatch.setattr(bench, "_in_a_child", child)
    monkeypatch.setattr(bench.subprocess, "Popen", begin)
    monkeypatch.setattr(bench.hardware, "given_cores", lambda: 2)
    found = bench.bench_waiting(str(tiny_sprites))
    assert asked == [
        (running, json.dumps(policy)) for running in (0, 2) for _ in range(3) for policy in bench._POLICIES.values()
    ]
    assert all(idler.poll() is not None for idler in idlers)
    assert (found["quiet"]["torch_alone"]["step"], found["busy"]["torch_alone"]["step"]) == (10, 30)
    assert (found["quiet"]["ratio"]["ours"]["step"], found["busy"]["ratio"]["passive"]["step"]) == (0.5, 1)
