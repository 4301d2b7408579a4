"""The page Draw: what is on the sheet is predicted as in a batch."""

import base64
import json
import re

import pytest
from playwright.sync_api import expect

from dashboard.components.canvas import content_of
from tests.factories import png, template_graph
from tests.pictures import pillow, saved
from tests.sheets import png_of, sheet, strip


@pytest.fixture
def champion(servers, environment, tmp_path) -> None:
    """A champion whose scoring graph can be fetched."""
    graph = tmp_path / "model.onnx"
    digest = template_graph(graph)
    servers.promote(
        scoring_graph_sha256=digest,
        scoring_graph_location="1/graph/artifacts/model.onnx",
        accept_confidence="0.1",
    )
    servers.files_of["graph"] = {"model.onnx": graph.read_bytes()}


def test_before_the_first_champion_it_says_what_to_do(draw, environment):
    assert "retrain/default" in draw.open().words


def test_an_empty_sheet_asks_for_a_digit(draw, champion):
    assert "Draw a digit" in draw.open().words


def test_an_upload_is_predicted_and_every_stage_is_shown(draw, champion):
    draw.open()
    draw.app.file_uploader[0].upload("seven.png", png(7), "image/png").run()
    draw.checked()
    assert draw.numbers["Digit"] == "7"
    assert draw.app.success
    assert "Pipeline standard" in draw.words


def test_an_upload_with_a_layout_is_cut_and_its_places_are_framed(draw, champion):
    draw.open()
    draw.app.file_uploader[0].upload("code.png", png_of(strip("01482")), "image/png").run()
    draw.app.text_input(key="layout").set_value('{"digits": 5}').run()
    draw.checked()
    (places,) = (frame.value for frame in draw.app.dataframe)
    assert places["value"].tolist() == ["01482"]
    assert len(draw.app.get("image")) == 1  # the sheet is a component


def test_a_layout_that_does_not_fit_says_how_far_off_and_is_drawn(draw, champion):
    draw.open()
    page = sheet([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    draw.app.file_uploader[0].upload("sheet.png", png_of(page), "image/png").run()
    draw.app.text_input(key="layout").set_value('{"grid": [9, 7]}').run()
    assert "The layout does not fit the page" in draw.checked().words
    assert re.search(r"\d+% of the lines were found|these are not the lines", draw.words)
    assert "The frames show where its places would lie." in draw.words
    assert len(draw.app.get("image")) == 1
    assert not draw.app.dataframe


def test_a_layout_of_no_use_says_what_is_wrong_with_it(draw, champion):
    draw.open()
    draw.app.file_uploader[0].upload("code.png", png_of(strip("01482")), "image/png").run()
    draw.app.text_input(key="layout").set_value('{"digts": 5}').run()
    assert "The layout is of no use" in draw.checked().words
    assert "digts" in draw.words


def test_a_layout_that_names_a_form_asks_for_it(draw, champion):
    draw.open()
    draw.app.file_uploader[0].upload("code.png", png_of(strip("01482")), "image/png").run()
    says = {"template": "empty.png", "fields": {"a": {"box": [0, 0, 1, 1], "digits": 5}}}
    draw.app.text_input(key="layout").set_value(json.dumps(says)).run()
    assert "which is not there" in draw.checked().words
    assert len(draw.app.file_uploader) == 2


def test_what_is_no_image_gets_its_reason(draw, champion):
    draw.open()
    draw.app.file_uploader[0].upload("seven.png", b"<b>not</b>", "image/png").run()
    assert "The content is not an image" in draw.checked().words


@pytest.mark.parametrize("data_url", [None, "", "data:image/png", "data:image/png;base64,%%%", 7])
def test_what_is_no_picture_from_the_browser_is_none(data_url):
    assert content_of(data_url) is None


def test_a_picture_from_the_browser_is_its_bytes():
    content = saved(pillow(), "PNG")
    assert content_of("data:image/png;base64," + base64.b64encode(content).decode()) == content


@pytest.mark.browser
def test_what_is_drawn_with_the_mouse_is_predicted_and_explained(visit, champion):
    visit.log_in()
    visit.open("draw")
    sheet = visit.tab.locator("#sheet")
    box = sheet.bounding_box()
    assert box is not None
    mouse = visit.tab.mouse
    x, y = box["x"], box["y"]
    mouse.move(x + 90, y + 70)
    mouse.down()
    mouse.move(x + 220, y + 70, steps=8)
    mouse.move(x + 140, y + 250, steps=8)
    mouse.up()
    expect(visit.tab.get_by_test_id("stMetricValue")).to_have_text(re.compile(r"^\d$"))
    expect(visit.tab.get_by_text("Pipeline enhanced")).to_be_visible()
    expect(visit.tab.get_by_text("without the blue parts")).to_be_visible()

    ink = "s => s.getContext('2d').getImageData(100, 70, 1, 1).data[0]"
    assert sheet.evaluate(ink) == 0  # the drawing is still there for the next stroke

    visit.tab.get_by_role("button", name="Clear").click()
    expect(visit.tab.get_by_text("Draw a digit, paste a picture")).to_be_visible()
    assert visit.complaints == []
    assert visit.strangers == []
