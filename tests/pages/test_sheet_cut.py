"""The grid that is shown over an uploaded sheet is the one by which it is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.sprites.readers.sheets.sheet_layout import Grid
from pages.parts.shared.uploading.sheet_cut import cut_of
from tests.ddpm.pixels.exporting.files import drawings


@pytest.mark.parametrize("power_of_two", [False, True])
def test_a_sheet_that_says_how_it_is_laid_out(power_of_two: bool, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    path.write_bytes(lay_out(drawings(64, 4, 16, 16), SheetLayout(7, 3, 1, power_of_two=power_of_two)).to_png())
    cut = cut_of(str(path), Grid())
    assert cut is not None
    assert (cut.grid, cut.scale, cut.columns, cut.rows) == (Grid((16, 16), 0, 1), 3, 7, 10)
