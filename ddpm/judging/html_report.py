"""A report as one HTML file that can be kept and printed: with its pictures, without external links and scripts."""

from __future__ import annotations

import base64
import html

import numpy as np

from ddpm.judging.glossary import LABEL_WORDS, RATE_WORDS, TERM_WORDS
from ddpm.judging.report import Report, tables
from ddpm.pixels.neighbors import rms_grey_levels
from ddpm.pixels.sheets import png, sheet

_GALLERY = 16
_BINS = 32
_CURVES = (
    ("samples to training", "#6a4cf0"),
    ("unseen real sprites to training", "#1f9e89"),
    ("training to other training", "#c99a1c"),
)
_STYLE = """
:root { color-scheme: light dark; --ink: #1d1a2b; --soft: #615c76; --line: #dcd8ea; --page: #fff; --card: #f6f4fb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #eceaf6; --soft: #a9a3c2; --line: #3a3550; --page: #15131f; --card: #1f1c2d; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 60rem;
  margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.3rem; margin: 0 0 .4rem; color: var(--soft); font-weight: 600; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
.finding { font-size: 1.55rem; line-height: 1.3; font-weight: 650; margin: 0 0 .6rem; }
.soft, figcaption, footer { color: var(--soft); font-size: .86rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: var(--soft); font-weight: 600; }
img { image-rendering: pixelated; border: 1px solid var(--line); border-radius: 4px; background: #fff; }
.matches { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; }
.match { background: var(--card); border-radius: 10px; padding: .7rem; break-inside: avoid; }
.match div { display: flex; gap: .6rem; }
figure { margin: 0; } figure img { width: 64px; display: block; }
dt { font-weight: 650; float: left; clear: left; margin-right: .5rem; } dt::after { content: ":"; }
dd { margin: 0 0 .35rem; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
"""
# Behind what is transparent.
_CHECKERBOARD = """img { background: repeating-conic-gradient(#c9c9d1 0 25%, #fff 0 50%) 0 0 / 16px 16px; }
"""
_FIGURE_SIDE = 64


def to_html(report: Report) -> str:
    """The whole report as a page; all text is escaped."""
    found = report.memorization
    about = f"{len(report.samples):,} samples held against {report.data}"
    if report.drawn_by:
        about += f", drawn by {report.drawn_by}"
    parts = [
        "<h1>Created or copied?</h1>",
        f'<p class="finding">{html.escape(report.headline.sentence)}</p>',
        f'<p class="soft">{html.escape(f"{report.headline.caveat} {report.headline.privacy}")}</p>',
        f'<p class="soft">{html.escape(about)}. Data fingerprint {html.escape(report.fingerprint)}.</p>',
    ]
    if report.exam is not None:
        parts.append(f"<p>{html.escape(report.exam.sentence)}</p>")
    if report.patches is not None:
        parts.append(f"<p>{html.escape(report.patches.sentence)}</p>")
    parts += [
        "<h2>Nearest first</h2>",
        '<p class="soft">Each sample with the training sprite that is nearest by pixels, by shape and by palette, the '
        "most suspicious first.</p>",
        f'<div class="matches">{"".join(_matches(report))}</div>',
        "<h2>How near is normal?</h2>",
        *(f'<p class="soft">{html.escape(words)}</p>' for words in (found.limit_words, *found.unknown)),
        _histogram(report),
    ]
    for title, head, rows in tables(report):
        parts.append(f"<h2>{html.escape(title)}</h2>{_table(head, rows)}")
    samples = sheet(report.samples[:256], min(16, len(report.samples)), gap=1)
    parts += [
        "<h2>The samples</h2>",
        f'<img src="{_uri(samples)}" alt="all samples" style="width:100%">',
        f"<h2>How to read this</h2>{_glossary_html()}",
    ]
    body = "\n".join(parts)
    style = _STYLE + (_CHECKERBOARD if report.samples.shape[-1] == 4 else "")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Created or copied?</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _glossary_html() -> str:
    glossary = {**RATE_WORDS, **{label: words for label, words in LABEL_WORDS.items() if label not in RATE_WORDS}}
    # Readers are asked about a checkpoint, not about the samples of a report.
    glossary |= {term: words for term, words in TERM_WORDS.items() if term != "named by readers"}
    lines = [f"<dt>{html.escape(term)}</dt><dd>{html.escape(words)}</dd>" for term, words in glossary.items()]
    return f'<dl class="soft">{"".join(lines)}</dl>{_SOURCES}'


_SOURCES = """
<p class="soft">Intervals are 95% (Wilson, Newcombe). Copying improves both distances and the share of
believable drawings: never read them alone.</p>
"""


def _matches(report: Report) -> list[str]:
    facts, train = report.memorization.evidence, report.source
    order = np.argsort(facts.squared_distance, kind="stable")[:_GALLERY]
    grey_levels = rms_grey_levels(facts.squared_distance, report.samples[0].size)
    cards = []
    for i in order.tolist():
        moved = "mirrored" if facts.shape_flip[i] else ""
        hits = [
            _figure(report.samples[i], "sample"),
            _figure(train[facts.row[i]], f"{grey_levels[i]:.1f} grey levels"),
            _figure(train[facts.shape_row[i]], f"shape {facts.shape_similarity[i]:.0%} {moved}"),
        ]
        if facts.palette_row[i] >= 0:
            hits.append(_figure(train[facts.palette_row[i]], f"palette {facts.palette_distance[i]:.3f}"))
        label = html.escape(report.memorization.labels[i])
        cards.append(f'<div class="match"><b>{label}</b><div>{"".join(hits)}</div></div>')
    return cards


def _figure(image: np.ndarray, words: str) -> str:
    words = html.escape(words)
    # A whole multiple of the sprite's own width, so that all pixels are equally large.
    height, width = image.shape[:2]
    shown = width * max(1, _FIGURE_SIDE // max(height, width))
    style = "" if shown == _FIGURE_SIDE else f' style="width:{shown}px"'
    return f'<figure><img src="{_uri(image)}" alt="{words}"{style}><figcaption>{words}</figcaption></figure>'


def _uri(image: np.ndarray) -> str:
    return "data:image/png;base64," + base64.b64encode(png(image)).decode()


def _table(head: list[str], rows: list[list[str]]) -> str:
    # An empty first cell is no column heading.
    cells = "".join(f"<th>{html.escape(cell)}</th>" if cell else "<td></td>" for cell in head)
    top = f"<tr>{cells}</tr>" if any(head) else ""
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table>{top}{body}</table></div>'


def _histogram(report: Report) -> str:
    index, values = report.index, report.samples[0].size
    sides = [
        rms_grey_levels(report.memorization.evidence.squared_distance, values),
        rms_grey_levels(index.heldout_evidence.squared_distance, values),
        rms_grey_levels(index.distances, values),
    ]
    top = max(float(np.quantile(side, 0.99)) for side in sides if len(side)) or 1.0
    edges = np.linspace(0, top, _BINS + 1)
    shares = [np.histogram(np.minimum(side, top), edges)[0] / max(1, len(side)) for side in sides]
    tallest = max(float(part.max()) for part in shares) or 1.0
    width, height, left, bottom = 720, 220, 10, 30
    paths = []
    for (name, colour), part in zip(_CURVES, shares, strict=True):
        points = "".join(
            f"H{left + x * width / _BINS:.1f}V{height - share / tallest * (height - 10):.1f}"
            for x, share in enumerate(part.tolist())
        )
        end = f"H{left + width}V{height}Z"
        paths.append(
            f'<path d="M{left} {height}{points}{end}" fill="{colour}" fill-opacity=".25" stroke="{colour}" '
            f'stroke-width="1.5"><title>{name}</title></path>'
        )
    limit = float(rms_grey_levels(max(0, report.memorization.near_distance), values))
    x = left + min(1.0, limit / top) * width
    ticks = "".join(
        f'<text x="{left + value / top * width:.0f}" y="{height + 16}">{value:.0f}</text>'
        for value in np.linspace(0, top, 7)[:-1]
    )
    legend = "".join(
        f'<rect x="{left + 240 * i}" y="{height + bottom + 4}" width="11" height="11" rx="3" fill="{colour}"/>'
        f'<text x="{left + 240 * i + 17}" y="{height + bottom + 14}">{name}</text>'
        for i, (name, colour) in enumerate(_CURVES)
    )
    return (
        f'<div class="wide" tabindex="0"><svg viewBox="0 0 {width + 2 * left} {height + bottom + 24}" role="img" '
        f'style="width:100%;min-width:34rem" aria-label="distances to the nearest training sprite">{"".join(paths)}'
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{height}" stroke="#e2603f" stroke-width="2"/>'
        f'<text x="{x + 5:.1f}" y="12">near copies lie left of this line</text>{ticks}{legend}</svg></div>'
        '<p class="soft">Distance to the nearest training sprite in grey levels (root mean square, 0 to 255).</p>'
    )
