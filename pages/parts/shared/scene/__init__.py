"""A scene: pictures, figures and curves that follow a slider or two, all of them sent to the browser at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import streamlit as st

from pages.parts.shared.backdrop import backdrop_rule
from pages.parts.shared.component import SCRIPT, STYLE, parcel, source


@dataclass(frozen=True)
class Panel:
    """A picture.

    Attributes:
        images: uint8 (S, H, W, C), one for each position of the slider; or (1, H, W, C), the same at all of them; or
            (K * S, H, W, C), with S of them for each of the K positions of a second slider.
        notes: a few words beneath, as many as images may be; none by default.
        broad: whether it gets the room of two, or all of a narrow page, as a sheet of many sprites needs.
        picks: whether a click on it moves both sliders, which are its columns and its rows, to what was clicked.
    """

    title: str
    images: np.ndarray = field(repr=False)
    notes: Sequence[str] = ()
    broad: bool = False
    picks: bool = False


@dataclass(frozen=True)
class Row:
    """Pictures side by side."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Chart:
    """Curves over the slider's positions, or, of two dimensions, a curve of its own at each of them.

    Attributes:
        curves: name -> float (S,), over the positions; or float (S, B), B values from left to right at each.
        second: the curves are float (K, S) instead: they follow the second slider.
        ends: what stands at the left and the right end of the axis.
        digits: after the point.
        unit: after each value.
        bands: name of a curve -> float (S,) twice, the lower and the upper end of its intervals; none by default.
    """

    title: str
    curves: Mapping[str, np.ndarray]
    ends: tuple[str, str]
    digits: int = 2
    unit: str = ""
    bands: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    second: bool = False


@dataclass(frozen=True)
class Second:
    """A second slider.

    Attributes:
        slider: what it changes, in words.
        stops: K texts, one for each position.
        start: the position at which it begins, 0..K-1; None for the last.
    """

    slider: str
    stops: Sequence[str]
    start: int | None = None


@dataclass(frozen=True)
class Scene:
    """All that a scene shows.

    Attributes:
        slider: what the slider changes, in words.
        stops: S texts, one for each position.
        start: the position at which it begins, 0..S-1.
        plays: whether a button moves the slider there and back.
        remark: a line beneath the pictures.
    """

    slider: str
    stops: Sequence[str]
    rows: Sequence[Row]
    charts: Sequence[Chart] = ()
    start: int = 0
    plays: bool = False
    second: Second | None = None
    remark: str = ""


def pack(scene: Scene) -> bytes:
    """A scene as bytes for the browser; equal scenes give equal bytes.

    Raises:
        ValueError: if a panel or a curve does not fit the sliders.
    """
    count, seconds = len(scene.stops), len(scene.second.stops) if scene.second else 1
    files: list[bytes] = []
    rows = []
    for row in scene.rows:
        panels = []
        for panel in row.panels:
            images = np.ascontiguousarray(panel.images)
            fits = (1, count, count * seconds)
            if len(images) not in fits or len(panel.notes) not in (0, *fits):
                raise ValueError(f"{panel.title!r} does not fit a slider of {count} positions")
            height, width, channels = images.shape[1:]
            panels.append(
                {
                    "title": panel.title,
                    "notes": list(panel.notes),
                    "size": [width, height, channels],
                    "count": len(images),
                    "broad": panel.broad,
                    "picks": panel.picks,
                }
            )
            files.append(images.tobytes())
        rows.append({"title": row.title, "panels": panels})
    header: dict[str, Any] = {
        "slider": scene.slider,
        "stops": list(scene.stops),
        "start": scene.start,
        "plays": scene.plays,
        "rows": rows,
        "charts": [_chart(chart, count, seconds) for chart in scene.charts],
        "second": None if scene.second is None else asdict(scene.second),
        "remark": scene.remark,
    }
    header["id"] = blake2b(parcel(header, *files), digest_size=12).hexdigest()
    return parcel(header, *files)


def show(packed: bytes, key: str) -> None:
    """Show a packed scene.

    Args:
        key: Streamlit's key; one per page.
    """
    st.html(f"<style>{backdrop_rule()}</style>")
    _component(key=key, data=packed)


def _chart(chart: Chart, count: int, seconds: int) -> dict[str, Any]:
    for name, values in chart.curves.items():
        fits = values.shape == (seconds, count) if chart.second else len(values) == count
        if not fits or not np.isfinite(values).all():
            raise ValueError(f"the curve {name!r} does not fit a slider of {count} positions, or is not finite")
    if not all(np.shape(end) == (count,) and np.isfinite(end).all() for band in chart.bands.values() for end in band):
        raise ValueError(f"the bands of {chart.title!r} do not fit a slider of {count} positions, or are not finite")
    return {
        "title": chart.title,
        "curves": [
            {
                "name": name,
                "values": np.round(values, 5).tolist(),
                "band": [np.round(end, 5).tolist() for end in chart.bands.get(name, ())],
            }
            for name, values in chart.curves.items()
        ],
        "ends": list(chart.ends),
        "digits": chart.digits,
        "unit": chart.unit,
        "second": chart.second,
    }


_component = st.components.v2.component(
    "ddpm_scene",
    html=source(__file__, "scene.html"),
    css=STYLE + source(__file__, "scene.css"),
    js=SCRIPT + source(__file__, "chart.js", "scene.js"),
)
