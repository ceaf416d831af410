"""The model card: a description of a run, as the README of its folder."""

from __future__ import annotations

from typing import Any

from ddpm.base.json_values import Check, has_fields, is_count, is_name, is_number, is_text, list_of, or_none
from ddpm.base.text import counted
from ddpm.diffusion.instant.levels import MOST_CALLS
from ddpm.jobs.timing.length import counted_minutes
from ddpm.judging.choosing import NEAR, Bar, bars, knows_forms, read_choice
from ddpm.judging.readers import Readers, read_readers
from ddpm.runs.checkpoint import guide_of
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run

_CREDITS = """
## Credits of the data

Kaggle "Pixel Art" (reported licence: Apache-2.0). Art by ElvGames (use with credit), zrghr (Froots and Veggies) and
Kyrise (CC BY 4.0).
"""
_COLUMNS = (
    *(
        "step",
        "calls",
        "held-out",
        "forms",
        "believable",
        "texture",
        "haze",
        "colours",
        "stray",
        "outline",
        "right kind",
    ),
    *("exact copies", "near copies", "C_T", "AUC"),
)
_TEXTURE = "distance in texture (Fréchet ratio, random features)"
_DATA: dict[str, Check] = {
    **dict.fromkeys(("rows", "distinct", "training_distinct", "heldout_distinct"), is_count),
    **dict.fromkeys(("name", "source"), is_name),
    "fingerprint": is_text,
    "label_names": or_none(list_of(is_name)),
}
_REQUIRED: dict[str, Check] = {
    "data": lambda value: has_fields(value, _DATA),
    "recipe": lambda value: has_fields(value, {"title": is_text, "prediction_type": is_text, "batch_size": is_count}),
    "schedule": lambda value: has_fields(value, {"kind": is_text}),
    "precision": is_text,
    "threads": is_count,
    "seed": is_number,
    "machine": is_text,
}


def run_card(run: Run) -> str:
    """Markdown: data, recipe, length, machine, measures and use. Raises RunError if ``run.json`` is damaged."""
    config = run.config()
    if wrong := [name for name, check in _REQUIRED.items() if not check(config.get(name))]:
        raise RunError(f"{run.folder / 'run.json'} is damaged ({', '.join(wrong)}): no model card can be made from it.")
    data, choice = config["data"], read_choice(run.folder)
    lines = [
        *_facts(run, config),
        *_measured_errors(run.metrics()),
        *(_unjudged(guide_of(run.folder)) if choice is None else _chosen(run, choice, read_readers(run))),
        "",
        "## Limits",
        "",
        *([] if choice is None else _missed(choice)),
        f"It knows the {data['training_distinct']:,} sprites that it learnt from and nothing else, and may repeat some "
        'of them: the page "Created or copied?" compares what it draws with what it learnt from.',
        "",
        "## Use",
        "",
        "```python",
        "import ddpm",
        "",
        f'checkpoint = ddpm.load_checkpoint("checkpoints/{run.name}")',
        f'for step in ddpm.sample(checkpoint.model, checkpoint.schedule, n=64, sampler="{_sampler(config)}"):',
        "    pass",
        "images = ddpm.to_uint8(step.x0)",
        "```",
    ]
    text = "\n".join(lines) + "\n"
    return text + _CREDITS if "kaggle" in str(data["source"]).lower() or "kaggle" in data["name"].lower() else text


def _facts(run: Run, config: dict[str, Any]) -> list[str]:
    """What it is, and a table of its data and recipe."""
    data, recipe, step = config["data"], config["recipe"], run.latest() or 0
    few = f", the most that it was allowed (`--most {config['most']}`)" if config.get("most") else ""
    passes = step * recipe["batch_size"] / max(1, data["training_distinct"])
    # A few sprites show only some of the kinds.
    shares = zip(data.get("label_names") or [], data.get("class_frequencies") or [], strict=False)
    classes = ", ".join(name for name, share in shares if share)
    size = f"{data.get('width', 16)}x{data.get('height', 16)}"
    clear = ", with transparency" if data.get("channels") == 4 else ""
    art = "seamless tiles, which repeat without a border," if recipe.get("seamless") else f"pixel art{clear},"
    return [
        f"# {run.name}",
        "",
        *([f"*{config['note']}*", ""] if config.get("note") else []),
        _what_it_is(config, f"{size} {art}", _how_far(run, step)),
        "",
        "| | |",
        "| --- | --- |",
        f"| data | {data['name']}: {data['rows']:,} rows, {data['distinct']:,} distinct sprites |",
        f"| learnt from | {data['training_distinct']:,} distinct sprites{few}; {data['heldout_distinct']:,} were held "
        "out |",
        *([f"| background | {data['background']}, under what is transparent |"] if data.get("background") else []),
        f"| data fingerprint | `{data['fingerprint']}` |",
        *_origin(config, passes),
        f"| classes that it saw | {classes or 'none'} |",
        f"| schedule, prediction | {config['schedule']['kind']}, {recipe['prediction_type']} |",
        f"| precision, threads, seed | {config['precision']}, {config['threads']}, {config['seed']} |",
        f"| machine | {config['machine']} |",
        *([f"| early steps | {steps}: to show how it learnt, not judged |"] if (steps := _early(run)) else []),
    ]


def _early(run: Run) -> str:
    return ", ".join(f"{step:,}" for step in run.early())


def _how_far(run: Run, step: int) -> str:
    stretches = run.stretches()
    if stretches and (minutes := stretches[-1].minutes):
        return f"{counted(step, 'step')} in {stretches[-1].seconds / 60:.3g} of {counted_minutes(minutes)}"
    return f"{step:,} of {run.status().get('total_steps', 0):,} steps"


def _sampler(config: dict[str, Any]) -> str:
    return "instant" if "distilled" in config else "fast"


def _what_it_is(config: dict[str, Any], art: str, length: str) -> str:
    if origin := config.get("distilled"):
        return (
            f"A small diffusion model that draws {art} in 1 to {MOST_CALLS} calls of the network (the sampler "
            f"`instant`, and no other), after {length} in which it was distilled from the run {origin['run']}, step "
            f"{origin['step']:,}."
        )
    return f'A small diffusion model that draws {art} after {length} of the recipe "{config["recipe"]["title"]}".'


def _origin(config: dict[str, Any], passes: float) -> list[str]:
    """Rows of the table: how often it saw its sprites, or what it was distilled from, which saw them in its place."""
    if origin := config.get("distilled"):
        return [
            f"| distilled from | {origin['run']}, step {origin['step']:,}, weights `{origin['weights']}` (SHA-256) |"
        ]
    return [f"| passes over each training sprite | {passes:,.0f} |"]


def _measured_errors(metrics: list[dict[str, Any]]) -> list[str]:
    """More rows of the table: training time and final errors."""
    lines = [f"| training time | {metrics[-1].get('seconds', 0) / 60:.1f} minutes |"] if metrics else []
    for key, title in (
        ("final_heldout", "averaged weights, evenly over log-SNR"),
        ("final_heldout_even", "averaged weights, evenly over t"),
        ("final_heldout_raw", "raw weights, evenly over t"),
    ):
        values = [record[key] for record in metrics if key in record]
        if values:
            lines.append(f"| held-out error of the noise, {title} | {values[-1]:.4f} (mean squared error) |")
    return lines


def _unjudged(guide: dict[str, Any] | None) -> list[str]:
    """What is to be said of how it draws, where nothing was measured."""
    return [] if guide is None else ["", f"{_guided(guide)}."]


def _chosen(run: Run, choice: dict[str, Any], readers: Readers | None) -> list[str]:
    """The measures of the chosen step, what readers said of it, and the table of all steps."""
    rows, real, kept = choice["rows"], choice["rows"][0]["real"], _kept(choice)
    guide = guide_of(run.step_path(choice["chosen"]))
    lines = [
        "",
        "## What it draws, and what it repeats",
        "",
        f"{kept['samples']:,} samples, {_calls(kept)} network calls each (`{kept['sampler']}`), averaged weights, "
        f"kinds by their frequency, nothing cleaned up.{_led(guide, kept)}",
        "",
        "| | this model | at most | real sprites |",
        "| --- | --- | --- | --- |",
        *_forms(kept, readers),
    ]
    same = {"haze": "haze", "stray pixels": "orphans", "merged colours": "merged_colours"}
    for bar in bars(kept):
        value, unseen = _number(bar.value), _number(real.get(same.get(bar.title, "")))
        if _is_near(bar):
            value, unseen = _near(kept), f"{kept['near_copies_unseen']:.1%} of unseen ones"
        elif bar.title == "Fréchet ratio":
            value, unseen = f"{value} ± {_number(kept['frechet_ratio_sd'])}", "1"
        title = _TEXTURE if bar.title == "Fréchet ratio" else bar.title
        lines.append(f"| {title} | {value} | {_limit(bar)} | {unseen} |")
    if kept["class_agreement"] is not None:
        real_rate = kept["class_agreement_unseen"]
        real_words = "" if real_rate is None else f"{real_rate:.1%}"
        lines.append(f"| taken for the kind that was asked for | {kept['class_agreement']:.1%} | | {real_words} |")
    lines.append(f"| outline: how much darker the rim is | {_number(kept['outline'])} | | {_number(real['outline'])} |")
    share = kept["exam"]
    if share is not None and share["n"] and kept["exam_expected"] is not None:
        lines += [
            "",
            f"**The exam.** Of {share['n']:,} samples with a known pair of shape and colours {_share(share)} show a "
            "pair that was withheld from training; free recombination would give "
            f"{kept['exam_expected']:.1%}, a model that only copies 0.",
        ]
    lines += ["", "**The report's claim**, each beside what real sprites show that the model never saw:", ""]
    for name, share in kept["claim"].items():
        floor = "" if share["floor"] is None else f", unseen sprites {share['floor']:.1%}"
        lines.append(f"- {name}: {_share(share)}{floor}" if share["n"] else f"- {name}: there are none")
    best = (
        "whose drawings are nearest in form to real sprites"
        if knows_forms(rows)
        else "whose weakest quality is the best"
    )
    lines += [
        "",
        "## Why this step",
        "",
        "Of the saved steps those with the fewest signs of copying are taken; of these, those that exceed the fewest "
        f"limits of quality; and of these, the one {best}. Near copies are counted at a false-positive rate of "
        f"{NEAR:.0%}. *Calls* of the network: few with `fast`, all 1,000 with `ddpm`. *Forms* and *texture*: the two "
        "distances above.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{' --- |' * len(_COLUMNS)}",
        *(_row(row, row is kept) for row in rows),
    ]
    if choice["all_steps"] is not None:
        lines.append(_row(choice["all_steps"], False))
    if any(row.get("form_ratio") is None for row in (*rows, choice["all_steps"]) if row is not None):
        lines += ["", "Where forms are missing, an earlier version measured, which could not see them."]
    if guide is not None and kept.get("guide") == guide:
        lines += ["", "Only the chosen step was measured with its guide: the others drew without one."]
    if len({_calls(row) for row in rows if "guide" not in row}) > 1:
        lines += ["", "The step was chosen with more calls, and measured again when `fast` came to need fewer."]
    return lines


def _led(guide: dict[str, Any] | None, kept: dict[str, Any]) -> str:
    """What the guide of the step does, in words, and whether it was measured with it; empty if it has none."""
    measured = kept.get("guide")
    if guide is None:
        return "" if measured is None else " What follows was measured with a guide, which it has no longer."
    how = "without it" if measured is None else "with another one"
    told = "" if measured == guide else f" What follows was measured {how}: `choose --again` does."
    return f" {_guided(guide)}.{told}"


def _guided(guide: dict[str, Any]) -> str:
    highest = guide["max_log_snr"]
    until = "at every noise level" if highest is None else f"as long as the log-SNR is at most {highest:g}"
    return (
        f"Its answers are led away from those of its own step {guide['step']:,} (autoguidance, Karras et al. 2024), "
        f"scale {guide['scale']:g}, {until}, which takes more calls"
    )


def _forms(kept: dict[str, Any], readers: Readers | None) -> list[str]:
    """Rows of the table: what a network says that sees forms, and what people said."""
    lines = []
    if kept.get("form_ratio") is None:
        lines.append("| distance in form (learned Fréchet ratio) | not measured: `choose --again` does | | 1 |")
    else:
        value = f"{_number(kept['form_ratio'])} ± {_number(kept.get('form_ratio_sd'))}"
        lines.append(f"| distance in form (learned Fréchet ratio) | {value} | | 1 |")
    if kept.get("believable") is not None:
        unseen = "" if kept.get("believable_unseen") is None else f"{kept['believable_unseen']:.1%} of unseen ones"
        lines.append(f"| believable as a drawing of something | {_believable(kept)} | | {unseen} |")
    if readers is not None:
        real = "" if readers.real_share is None else f"{readers.real_share:.0%} of unseen ones"
        lines.append(f"| named by {readers.who} | {readers.share:.0%} of {readers.shown:,} | | {real} |")
    return lines


def _believable(row: dict[str, Any]) -> str:
    if row.get("believable") is None:
        return ""
    error = row.get("believable_error")
    return f"{row['believable']:.1%}" + ("" if error is None else f" ± {error:.1%}")


def _calls(row: dict[str, Any]) -> str:
    # Tables of earlier versions do not contain the number of calls.
    return f"{row.get('calls', 20 if row['sampler'] == 'fast' else 1000):,}"


def _row(row: dict[str, Any], chosen: bool) -> str:
    name = f"{row['step']:,}"
    cells = [
        f"**{name}**" if chosen else name,
        _calls(row),
        _number(row["heldout"]),
        "" if row.get("form_ratio") is None else f"{_number(row['form_ratio'])} ± {_number(row.get('form_ratio_sd'))}",
        _believable(row),
        f"{_number(row['frechet_ratio'])} ± {_number(row['frechet_ratio_sd'])}",
        *(_number(row[key]) for key in ("haze", "merged_colours", "orphans", "outline", "class_agreement")),
        str(row["exact_copies"]),
        _near(row),
        _number(row["c_t"]),
        _number(row["auc"]),
    ]
    return f"| {' | '.join(cells)} |"


def _near(row: dict[str, Any]) -> str:
    return _share({"rate": row["near_copies"], "low": row["near_copies_low"], "high": row["near_copies_high"]})


def _share(share: dict[str, Any]) -> str:
    return f"{share['rate']:.1%} ({share['low']:.1%} to {share['high']:.1%})"


def _limit(bar: Bar) -> str:
    if _is_near(bar):
        return f"{bar.limit:.1%}"
    return f"{'at least ' if bar.at_least else ''}{_number(bar.limit)}"


def _is_near(bar: Bar) -> bool:
    return bar.title.startswith("near copies at")


def _kept(choice: dict[str, Any]) -> dict[str, Any]:
    return next(row for row in choice["rows"] if row["step"] == choice["chosen"])


def _missed(choice: dict[str, Any]) -> list[str]:
    missed = [bar for bar in bars(_kept(choice)) if not bar.held]
    told = ", ".join(f"{bar.title} ({_number(bar.value)} instead of {_limit(bar)})" for bar in missed)
    return [f"Not reached: {told}.", ""] if missed else []


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
