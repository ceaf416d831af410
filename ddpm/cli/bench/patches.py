"""How much of what a network draws do patches explain, how far does it look, and what does it cost to know?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ddpm.judging.copying.comparison_set import check_seen, what_was_seen
from ddpm.judging.recombination.agreement import learnt_from, measure_agreement
from ddpm.judging.recombination.reach import measure_reach
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.run import Run
from ddpm.sprites import load_sprites

# The windows are measured on other noise than that on which they are used.
_OTHER_SEED = 1
_STEPS = 20
_SHOWN = (1, 3, 5, 7, 11, 15, 21, 31)


def bench_patches(
    path: Path,
    source: str | None,
    n: int,
    anywhere: bool,
    reach_sprites: int = 16,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Compare a network with the patch machine and the memoriser of what it learnt from.

    Args:
        path: a run folder or a step of it.
        source: what it learnt from; None for what it says itself.
        n: sprites to compare.
        anywhere: measure the machine that compares all places, too.
        reach_sprites: for the windows; 0 leaves them out.
        say: receives a message before slow work.

    Returns:
        JSON values: ``reach_local`` and ``reach_anywhere``; ``window``, "measured" if the machines looked through that
        of ``reach_local``, "calibrated" if it was left out; ``agreement``, and ``cpu_seconds_a_sprite`` by machine.

    Raises CheckpointError or SpriteError if the checkpoint or the sprites cannot be used.
    """
    loaded = load_checkpoint(path)
    sprites = load_sprites(source or loaded.config["data"]["source"])
    reference = what_was_seen(sprites, Run(loaded.path.parent.parent).trained_on())
    check_seen(reference)
    network, schedule = loaded.model, loaded.schedule
    result: dict[str, Any] = {"checkpoint": str(path), "window": "calibrated"}
    window = None
    for name in (["anywhere", "local"] if anywhere else ["local"]) if reach_sprites else []:
        say(f"Windows of all sizes, {name} ...")
        images, labels, asked = learnt_from(loaded, reference, reach_sprites, _OTHER_SEED)
        reach = measure_reach(
            network, schedule, images, labels, asked, reach_sprites, name == "anywhere", steps=_STEPS, seed=_OTHER_SEED
        )
        result |= {"window": "measured", f"reach_{name}": reach.to_dict()}
        window = reach.window_at
    say(f"Drawing {n:,} sprites with the network, and from {len(reference.seen):,} training sprites without ...")
    images, labels, asked = learnt_from(loaded, reference, n)
    agreement = measure_agreement(network, schedule, images, labels, asked, n, anywhere, window, _STEPS)
    result |= {"agreement": agreement.to_dict(), "cpu_seconds_a_sprite": agreement.seconds}
    return result


def table(result: dict[str, Any]) -> str:
    """What :func:`bench_patches` returned, for a terminal."""
    found = result["agreement"]
    lines = [found["sentence"], f"Window: {result['window']}.", ""]
    for name in ("local", "anywhere", "memoriser", "unrelated"):
        if found[name] is not None:
            cost = result["cpu_seconds_a_sprite"].get(name)
            lines.append(f"{name:>12}  r² {_interval(found[name])}" + (f"  {cost:.3g} CPU s a sprite" if cost else ""))
    lines.append(f"{'network':>12}  {'':22}  {result['cpu_seconds_a_sprite']['network']:.3g} CPU s a sprite")
    for name in ("local", "anywhere"):
        reach = result.get(f"reach_{name}")
        if reach is not None:
            shown = [window for window in _SHOWN if window in reach["windows"]]
            columns = [reach["windows"].index(window) for window in shown]
            lines += [
                "",
                f"{name}: window that explains most, and the share explained by some ({reach['sprites']} sprites)",
            ]
            lines.append(f"{'t':>6} log-SNR  window          " + "".join(f"{window:>6}" for window in shown))
            for i, t in enumerate(reach["t"]):
                interval = f"{reach['low'][i]:.0f} to {reach['high'][i]:.0f}" if reach["low"][i] is not None else "-"
                shares = "".join(f"{reach['explained'][i][column]:6.2f}" for column in columns)
                lines.append(f"{t:>6} {reach['log_snr'][i]:7.2f}  {reach['best'][i]:4.0f} {interval:>10} {shares}")
    return "\n".join(lines)


def _interval(found: dict[str, Any]) -> str:
    if found["median"] is None:
        return "cannot be told"
    return f"{found['median']:.3f}" + ("" if found["low"] is None else f" ({found['low']:.3f} to {found['high']:.3f})")
