"""Pictures sent with a layout: every place gets the answer that it would get in a batch."""

from collections.abc import Iterator

import httpx
import pytest

from tests.factories import InMemory, OneModel, png
from tests.paged_files import paged
from tests.served import served
from tests.sheets import layout, png_of, sheet, strip

CELLS = [[1, None, 3], [4, 5, 6]]
GRID = layout(grid=[2, 3]).decode()


@pytest.fixture(scope="module")
def registry(tmp_path_factory) -> OneModel:
    return OneModel(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def client(registry) -> Iterator[httpx.Client]:
    with served(registry) as opened:
        yield opened


def in_a_batch(registry, says, picture):
    """Score a picture in a batch of its own; place -> row."""
    services = InMemory()
    services.registry = registry
    services.sure_bucket = services.results_bucket
    inbox = services.bucket(services.settings.inbox_bucket)
    inbox.put("b/_LAYOUT.json", says.encode())
    inbox.put("b/picture.png", picture)
    services.batch_scoring.run("b", "run")
    rows = services.results.rows("b").to_pylist()
    return {row["key"].removeprefix("b/picture.png").removeprefix("!"): row for row in rows}


@pytest.mark.parametrize(
    ("says", "picture"),
    [
        (GRID, sheet(CELLS)),
        (layout(digits=4, check={"list": ["0148"]}).decode(), strip("0149")),
        (layout(fields={"a": {"box": [0, 0, 0.5, 1]}}).decode(), strip("0149")),
    ],
    ids=["grid", "value", "field"],
)
def test_each_place_has_the_answer_that_it_has_in_a_batch(client, registry, says, picture):
    content = png_of(picture)
    answer = client.post("/predict", files={"file": ("x.png", content)}, data={"layout": says})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    rows = in_a_batch(registry, says, content)
    assert [place["place"] for place in body["places"]] == list(rows)
    for place in body["places"]:
        row = rows[place["place"]]
        assert place["outcome"] == row["outcome"]
        assert place["box"] == [row[side] for side in ("left", "top", "right", "bottom")]
        if place["outcome"] == "scored":
            assert place["value"] == row["value"]
            assert place["check"] == row["check"]
            assert place["prediction"] == row["digit"]
            assert place["review"] == (not row["accepted"])
            assert place["value_confidence"] == pytest.approx(row["value_confidence"])
            assert [m["prediction"] for m in place["marks"]] == [m["digit"] for m in row["marks"]]
    assert (body["file"], body["model_version"]) == ("x.png", "1")


def test_several_files_are_cut_by_one_layout_and_one_that_is_no_image_keeps_none_away(client):
    files = [("file", ("a.png", png_of(sheet(CELLS)))), ("file", ("b.txt", b"text"))]
    body = client.post("/predict", files=files, data={"layout": GRID}).json()
    first, second = body["pictures"]
    assert [place.get("prediction") for place in first["places"]] == [1, None, 3, 4, 5, 6]
    assert first["places"][1]["outcome"] == "empty"
    assert {place["reason"] for place in second["places"]} == {"not-an-image"}
    assert len(second["places"]) == 6


def test_the_layout_may_be_a_file_and_a_template_goes_with_it(client):
    says = layout(fields={"a": {"box": [0, 0, 1, 1], "digits": 4}}, template="form.png")
    files = {"layout": ("_LAYOUT.json", says), "file": ("x.png", png_of(strip("0149")))}
    missing = client.post("/predict", files=files)
    assert "form.png" in missing.json()["error"]["detail"]
    refused = client.post("/predict", files=files | {"template": ("form.png", b"no picture")})
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "invalid-layout"
    assert "template" in refused.json()["error"]["detail"]


@pytest.mark.parametrize("says", ["{", '{"grid": [0, 3]}', "[]"])
def test_a_layout_of_no_use_is_told_with_what_is_wrong(client, says):
    answer = client.post("/predict", files={"file": png(3)}, data={"layout": says})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid-layout"
    assert answer.json()["error"]["detail"]


def test_one_picture_that_cannot_be_decoded_gets_the_error_that_any_picture_gets(client):
    for content in (b"text", b"", paged("TIFF", (1, 2))):
        cut = client.post("/predict", files={"file": content}, data={"layout": GRID})
        plain = client.post("/predict", files={"file": content})
        assert cut.status_code == plain.status_code
        assert cut.json()["error"]["code"] == plain.json()["error"]["code"]


def test_what_became_of_places_is_counted(client):
    client.post("/predict", files={"file": png_of(sheet(CELLS))}, data={"layout": GRID})
    metrics = client.get("/metrics").text
    assert 'mnist_api_images_total{outcome="empty",reason=""}' in metrics


def test_without_a_layout_a_file_of_any_name_is_an_image(client):
    assert client.post("/predict", files={"template": png(4)}).json()["prediction"] == 4
