"""The Sample page in a real browser: what is saved, sent to others, compared and kept is what was drawn."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from ddpm import load_sprites
from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.exporting.finishing import CutOut, Finish
from ddpm.pixels.palette.files import read_palette
from tests.browser.conftest import PATIENCE, ROOT, Serve, tab

expect.set_options(timeout=PATIENCE)
# Few sprites and few steps: it is the way there that is looked at, not the drawings.
FEW = {"model": "mine", "n": 4, "sampler": "fast", "steps": 4, "seed": 7}

# Whether something shows that an element has the focus: its outline or shadow, or the colour of a border around it.
FOCUS = """one => {
  for (let up = one, level = 0; up && level < 5; up = up.parentElement, level++) {
    const style = getComputedStyle(up);
    if (style.outlineStyle !== "none" || style.boxShadow !== "none") return true;
    if (style.borderStyle !== "none" && style.borderColor === "rgb(95, 67, 224)") return true;
  }
  return false;
}"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with one run in it, which is the visitor's own."""
    run = tmp_path_factory.mktemp("sample") / "checkpoints" / "mine"
    shutil.copytree(ROOT / "checkpoints" / "builtin", run)
    config = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**config, "shipped": False}))
    return run.parent.parent


@pytest.fixture(scope="module")
def url(serve: Serve, place: Path) -> str:
    return serve(ROOT / "streamlit_app.py", cwd=place).url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from visitor(browser)


def visitor(browser: Browser) -> Iterator[Page]:
    return tab(browser, reduced_motion="reduce")


def open_order(page: Page, url: str, place: Path, **more: object) -> None:
    step = int((place / "checkpoints" / "mine" / "latest").read_text())
    page.goto(f"{url}/Sample?{urlencode({**FEW, 'step': step, **more})}")


def save(page: Page, form: str, path: Path, more: str = "") -> Path:
    """Save the batch in the dialog, which stays open."""
    dialog = page.get_by_role("dialog", name="Save")
    if not dialog.is_visible():
        page.get_by_role("button", name="Save").first.click()
    dialog.get_by_role("radio", name=form, exact=True).click()
    file = download(page, path)
    name = re.sub(r"^mine-\d+-", "", Path(file).stem)
    assert name == f"fast4-seed7{more}"
    return path


def download(page: Page, path: Path) -> str:
    """Press the dialog's button once it offers a file with this ending; returns the file's name."""
    button = page.get_by_role("button", name="Download")
    expect(page.locator(".st-key-save-download code")).to_have_text(re.compile(re.escape(path.suffix) + "$"))
    # A button that is just being drawn anew would lose the focus, and with it the keyboard.
    page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")
    with page.expect_download(timeout=PATIENCE) as found:
        button.click()
    found.value.save_as(path)
    return found.value.suggested_filename


def drawn(page: Page, path: Path) -> np.ndarray:
    """The sprites that the page shows, as it hands them out."""
    expect(page.get_by_text("Drawn by your run mine")).to_be_visible()
    return np.load(save(page, "NumPy", path))


def test_a_sheet_an_array_and_a_link_hold_the_same_pixels(
    browser: Browser, page: Page, url: str, place: Path, tmp_path: Path
) -> None:
    open_order(page, url, place)
    array = drawn(page, tmp_path / "first.npy")
    assert (array.dtype, array.shape) == (np.uint8, (4, 16, 16, 3))
    sheet = save(page, "Sheet", tmp_path / "sheet.png")
    assert np.array_equal(load_sprites(sheet).images, array)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Link").click()
    link = page.locator("[data-testid=stCode] code").inner_text().replace("\n", "")
    assert "mark=" in link
    assert str(place) not in link
    # Somebody else, who never was here.
    other = next(strangers := visitor(browser))
    other.goto(link)
    assert np.array_equal(drawn(other, tmp_path / "second.npy"), array)
    next(strangers, None)


def test_clean_pixels_are_saved_under_a_name_of_their_own(page: Page, url: str, place: Path, tmp_path: Path) -> None:
    open_order(page, url, place)
    array = drawn(page, tmp_path / "drawn.npy")
    page.keyboard.press("Escape")
    page.get_by_text("Clean pixels").first.click()
    expect(page.get_by_role("button", name="What was cleaned")).to_be_visible()
    clean = np.load(save(page, "NumPy", tmp_path / "clean.npy", "-clean"))
    assert np.array_equal(clean, clean_pixels(array).images)
    assert not np.array_equal(clean, array)


def test_the_player_stays_in_its_place_while_it_is_drawn_for(page: Page, url: str, place: Path) -> None:
    open_order(page, url, place)
    page.get_by_role("button", name="Save").first.wait_for()
    player = page.locator(".player")
    player.evaluate("player => { player.dataset.same = 'yes' }")
    page.get_by_role("button", name="Draw others").click()
    expect(page.get_by_text("seed 8")).to_be_visible()
    assert player.get_attribute("data-same") == "yes"
    # The same once more: its frames are known, and it is seen being drawn all the same.
    player.evaluate(
        """player => new MutationObserver(() => { player.dataset.again ??= player.dataset.frames })
            .observe(player, { attributeFilter: ["data-frames"] })"""
    )
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(player).to_have_attribute("data-again", re.compile("[1-4]"))
    expect(player).to_have_attribute("data-frames", "5")


def test_two_chains_are_shown_side_by_side(page: Page, url: str, place: Path) -> None:
    open_order(page, url, place, against="ddim")
    expect(page.get_by_text("From the same noise,")).to_be_visible()
    titles = page.locator(".player .panel:visible .whose")
    expect(titles).to_have_text(["Fast, 4 steps", "Careful, 50 steps"])


def test_a_favourite_is_still_there_after_a_reload(page: Page, url: str, place: Path) -> None:
    open_order(page, url, place)
    expect(page.get_by_text("None yet. Click a sprite")).to_be_visible()
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    page.locator(".player .star").click()
    expect(page.get_by_text("1 favourite", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_text("1 favourite", exact=True)).to_be_visible()
    # One way of drawing the same sprites again, and the star is on it.
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    expect(page.locator(".player .star")).to_have_attribute("aria-pressed", "true")


def test_a_link_to_a_model_that_has_gone_says_so(page: Page, url: str, place: Path) -> None:
    going = place / "checkpoints" / "going"
    shutil.copytree(place / "checkpoints" / "mine", going)
    open_order(page, url, place, model="going")
    expect(page.get_by_text("Drawn by your run going")).to_be_visible()
    shutil.rmtree(going)
    page.reload()
    expect(page.get_by_text("that this link asks for is not, or no longer here")).to_be_visible()
    # The page works on.
    expect(page.get_by_role("button", name="Draw", exact=True)).to_be_enabled()
    expect(page.locator(".player")).to_be_visible()


def test_variants_come_from_the_closer_look_and_lead_back_to_it(browser: Browser, url: str, place: Path) -> None:
    page = next(phone := tab(browser, width=390, height=844, reduced_motion="reduce"))
    open_order(page, url, place)
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    lens = page.locator(".player .lens")
    buttons = lens.locator(".action")
    expect(buttons.first).to_be_visible()
    boxes = [button.bounding_box() or {} for button in buttons.all()]
    inside = lens.bounding_box() or {}
    assert all(inside["x"] < box["x"] and box["x"] + box["width"] < inside["x"] + inside["width"] for box in boxes)
    assert len({round(box["height"]) for box in boxes}) == 1, "no label is broken"
    lens.get_by_role("button", name="Other colours").click()
    expect(page.get_by_text("The shape of sprite 1 of 4")).to_be_visible()
    expect(page.locator(".player .readout .end").first).to_have_text("noise added")
    page.get_by_role("button", name="Back to sprite 1 of 4").click()
    expect(page.get_by_text("The shape of sprite 1 of 4")).to_be_hidden()
    expect(page.locator(".player .readout .end").first).to_have_text("pure noise")
    next(phone, None)


def test_a_sheet_is_saved_with_the_keyboard_alone(page: Page, url: str, place: Path, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_order(page, url, place)
    opener = page.get_by_role("button", name="Save").first
    opener.press("Enter")
    dialog = page.get_by_role("dialog", name="Save 4 sprites")
    expect(page.locator(".st-key-save-download code")).to_have_text(re.compile("png$"))
    page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".st-key-save-download code")).to_have_text(re.compile("png$"))
    page.wait_for_function("!document.querySelector('[data-test-script-state=running]')")
    focused = dialog.locator(":focus")
    reached = ""
    for _ in range(30):
        page.keyboard.press("Tab")
        reached = focused.inner_text() or focused.get_attribute("aria-label") or ""
        page.wait_for_timeout(250)  # the colour of a border comes slowly
        assert focused.evaluate(FOCUS), f"nobody sees that the focus is on {reached}"
        if "Download" in reached:
            break
    assert "Download" in reached
    with page.expect_download(timeout=PATIENCE) as found:
        page.keyboard.press("Enter")
    found.value.save_as(tmp_path / "sheet.png")
    array = drawn(page, tmp_path / "drawn.npy")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), np.concatenate(np.concatenate(array.reshape(2, 2, 16, 16, 3), 1), 1))


def test_an_own_palette_and_a_cut_out_are_what_is_saved(page: Page, url: str, place: Path, tmp_path: Path) -> None:
    open_order(page, url, place)
    array = drawn(page, tmp_path / "drawn.npy")
    dialog = page.get_by_role("dialog", name="Save")
    page.get_by_role("combobox", name="Colours").click()
    page.get_by_role("option", name="My own file").click()
    upload = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    upload.set_input_files({"name": "bad.gpl", "mimeType": "text/plain", "buffer": b"no palette"})
    expect(dialog).to_contain_text("bad.gpl is no palette")
    colours = b"1a1c2c\nf4f4f4\nb13e53\n38b764\n3b5dc9\n"
    upload.set_input_files({"name": "mine.hex", "mimeType": "text/plain", "buffer": colours})
    expect(dialog).to_contain_text("of 5 colours used")
    dialog.get_by_role("radio", name="Cut out").click()
    expect(dialog).to_contain_text("The background was cut out of")
    sheet = save(page, "Sheet", tmp_path / "sheet.png", "-mine-transparent")
    saved = load_sprites(sheet).images
    palette = read_palette(colours, "mine.hex")
    assert np.array_equal(saved, Finish(palette=palette, cut_out=CutOut()).apply(array).images)
    seen = saved[saved[..., 3] > 0][:, :3]
    assert len(seen)
    assert {tuple(colour) for colour in seen.tolist()} <= {tuple(colour) for colour in palette.colours.tolist()}


def test_one_sprite_is_saved_from_the_closer_look(page: Page, url: str, place: Path, tmp_path: Path) -> None:
    open_order(page, url, place)
    array = drawn(page, tmp_path / "drawn.npy")
    page.keyboard.press("Escape")
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    page.locator(".player .lens").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog", name="Save")).to_contain_text("One sprite, 16 × 16 pixels")
    name = download(page, tmp_path / "one.png")
    assert re.search(r"-001\.png$", name)
    with Image.open(tmp_path / "one.png") as image:
        assert np.array_equal(np.asarray(image), array[0])
