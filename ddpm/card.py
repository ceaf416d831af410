"""The model card: what a run is, in words, for whoever finds its folder."""

from __future__ import annotations

from ddpm.run import Run

_CREDITS = """
## Credits of the data

Kaggle "Pixel Art" (reported licence: Apache-2.0). Art by ElvGames (use with credit), zrghr (Froots and Veggies) and
Kyrise (CC BY 4.0).
"""


def run_card(run: Run) -> str:
    """Markdown: data, recipe, length, machine, what was measured, and how to use it."""
    config, status = run.config(), run.status()
    data, recipe = config["data"], config["recipe"]
    step = run.latest() or 0
    passes = step * recipe["batch_size"] / max(1, data["training_distinct"])
    lines = [
        f"# {run.name}",
        "",
        *([f"*{config['note']}*", ""] if config.get("note") else []),
        f"A small diffusion model that draws 16x16 pixel art, after {step:,} of {status.get('total_steps', 0):,} steps "
        f'of the recipe "{recipe["title"]}".',
        "",
        "| | |",
        "| --- | --- |",
        f"| data | {data['name']}: {data['rows']:,} rows, {data['distinct']:,} distinct sprites |",
        f"| learnt from | {data['training_distinct']:,} distinct sprites; {data['heldout_distinct']:,} were held out |",
        f"| data fingerprint | `{data['fingerprint']}` |",
        f"| passes over each training sprite | {passes:,.0f} |",
        f"| classes | {', '.join(data['label_names']) if data['label_names'] else 'none'} |",
        f"| schedule, prediction | {config['schedule']['kind']}, {recipe['prediction_type']} |",
        f"| precision, threads, seed | {config['precision']}, {config['threads']}, {config['seed']} |",
        f"| machine | {config['machine']} |",
    ]
    metrics = run.metrics()
    if metrics:
        lines.append(f"| training time | {metrics[-1].get('seconds', 0) / 60:.1f} minutes |")
    for key, title in (
        ("final_heldout", "averaged weights, evenly over log-SNR"),
        ("final_heldout_even", "averaged weights, evenly over t"),
        ("final_heldout_raw", "raw weights, evenly over t"),
    ):
        values = [record[key] for record in metrics if key in record]
        if values:
            lines.append(f"| held-out error of the noise, {title} | {values[-1]:.4f} (mean squared error) |")
    lines += [
        "",
        "## Limits",
        "",
        'It knows the pictures above and nothing else, and may repeat some of them: the page "Created or copied?" '
        "compares what it draws with what it learnt from.",
        "",
        "## Use",
        "",
        "```python",
        "import ddpm",
        f'checkpoint = ddpm.load_checkpoint("checkpoints/{run.name}")',
        'for step in ddpm.sample(checkpoint.model, checkpoint.schedule, n=64, sampler="fast"):',
        "    pass",
        "images = ddpm.to_uint8(step.x0)",
        "```",
    ]
    text = "\n".join(lines) + "\n"
    return text + _CREDITS if "kaggle" in str(data["source"]).lower() or "kaggle" in data["name"].lower() else text
