"""The axes of what a training finds out about itself, in all sizes."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import Serve

SHARES = [[0, 0, 0], [2e-5, 1e-5, 3e-5], [0.0008, 0.002, 0.0035], [0.01, 0.02, 0.016], [0.4, 0.9, 0.8], [1, 1, 1]]
AMOUNTS = [[0, 0, 0], [2150, 1200, 900], [120, 30, 2.3], [1.2, 1.1, 1.05], [17, 18, 17.5], [16249, 9, 4]]
PAGE = f"""
import numpy as np
from pages.parts.shared.charts import CheckSeries, check_chart
for share, curves in ((True, {SHARES}), (False, {AMOUNTS})):
    for values in curves:
        series = CheckSeries("", np.array([1.0, 2.0, 3.0]), np.array(values, float), float(values[0]), share)
        check_chart(series, key=str((share, values)))
"""


def test_ticks_tell_one_value_from_the_next(browser: Browser, serve: Serve, tmp_path: Path) -> None:
    script = tmp_path / "charts.py"
    script.write_text(PAGE)
    page = browser.new_page()
    page.goto(serve(script).url)
    charts = page.locator("[data-testid=stVegaLiteChart]")
    expect(charts.locator("svg")).to_have_count(len(SHARES + AMOUNTS), timeout=300_000)
    for number in range(len(SHARES + AMOUNTS)):
        axes = charts.nth(number).locator(".mark-text.role-axis-label").all()
        assert len(axes) == 2
        for axis in axes:
            ticks = [tick for tick in axis.locator("text").all_text_contents() if tick]
            assert len(set(ticks)) == len(ticks) >= 1
            assert not any("e" in tick for tick in ticks)
        assert all(tick.endswith("%") for tick in ticks) is (number < len(SHARES))
    page.close()
