"""The page Labels: every image that people answered for, one of them with its keypad."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.access.login import person
from dashboard.components import cached, tables
from dashboard.components.annotations import (
    carrying,
    choose_tags,
    columns_for,
    offer_annotation,
    show_on_tiles,
)
from dashboard.components.boundary import each_error_once, error_boundary, warn_of_unreadable
from dashboard.components.filters import FILTER, alternatives, paged
from dashboard.components.gallery import Tile, gallery, tile_picture
from dashboard.components.keypad import show_keypad, ticket_of
from dashboard.components.links import go_to, image_of_batch, show_way_back
from dashboard.components.pictures import Rendering, Thumbnail, magnified
from dashboard.components.texts import code, counted, plain, short
from dashboard.components.titles import page_title
from dashboard.pages.labels import queries
from mnist import services
from mnist.errors import MnistError
from mnist.keys import batch_of
from mnist.reviews.agreement import Consensus, State, consensuses
from mnist.reviews.annotation import MOST_IMAGES
from mnist.reviews.review import Answer

_LABEL = "label"
_WIDTH = 200
_TONES = {State.AGREED: "good", State.SECOND_LOOK: "doubt", State.THIRD_LOOK: "bad"}
_PILLS = FILTER | {"selection_mode": "multi", "wrap": True}
_TABLE = "as table"
_RUNS_ASKED = 200


@each_error_once()
def show() -> None:
    """Draw the page."""
    show_way_back()
    page_title("Labels")
    with error_boundary():
        current = services.current()
        recorded = current.reviews.recorded()
        warn_of_unreadable(recorded.unreadable, "reviews")
        images = consensuses(recorded, current.settings.reviews_needed)
        if not images:
            st.info("Nobody has answered for an image yet; begin on the page Review.")
            return
        chosen = images.get(st.query_params.get(_LABEL, ""))
        if chosen is not None:
            _show_one(chosen)
        _show_labels(images)


def _labels(images: Mapping[str, Consensus]) -> pd.DataFrame:
    try:
        began = queries.trainings(cached.versions(), services.current().catalogue.runs(_RUNS_ASKED))
    except MnistError:
        st.caption("MLflow does not answer, so nobody can say which version learned from what.")
        began = {}
    return queries.labels(images.values(), person().name, began)


def _show_labels(images: Mapping[str, Consensus]) -> None:
    everything = _labels(images)
    state, answer, who, show = st.columns([3, 4, 2, 2])
    states = state.pills("State", [str(state) for state in State], key="state", **_PILLS)
    answers = answer.pills("Answer", [str(answer) for answer in Answer], key="answer", **_PILLS)
    names = sorted({name for image in images.values() for name in image.reviewers})
    by = who.selectbox("Answered by", ["anybody", *names], key="by", **FILTER)
    with show:
        view = alternatives("Show", ["images", _TABLE], "show", **FILTER)
    frame = queries.matching(
        everything, states=states, answers=answers, who="" if by == "anybody" else by
    )
    with who:
        tags = choose_tags()
    if tags:
        frame = frame[carrying(frame["sha256"], tags)]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(frame):,} of {counted(len(everything), 'image')}**", width="content")
        tables.download("Download as CSV", lambda: _csv(frame), "labels.csv", "text/csv")
        offer_annotation(
            lambda: frame["sha256"],
            lambda: [images[sha256].content for sha256 in frame["sha256"].head(MOST_IMAGES)],
        )
    if frame.empty:
        st.info("No label fits the filters; take one of them away.")
    elif view == _TABLE:
        columns = {"answered": tables.utc("answered"), "learned": "learned by"}
        tables.table(paged(frame), "Labels, the last answered first", columns)
    else:
        _show_tiles(paged(frame), images)


def _csv(frame: pd.DataFrame) -> bytes:
    return queries.as_csv(frame.join(columns_for(frame["sha256"])))


def _show_tiles(page: pd.DataFrame, images: Mapping[str, Consensus]) -> None:
    versions = tuple(images[sha256].versions[0] for sha256 in page["sha256"])
    pictures = cached.thumbnails(versions, Rendering.ORIGINAL)
    tiles = [
        _tile(record, images[str(record["sha256"])].state, picture)
        for record, picture in zip(page.to_dict("records"), pictures, strict=True)
    ]
    show_on_tiles(tiles, {tile["opens"]: tile["opens"] for tile in tiles})
    if opened := gallery(tiles, "Labelled images", "labels"):
        st.query_params[_LABEL] = opened
        st.rerun()


def _tile(record: Mapping[object, object], state: State, picture: Thumbnail) -> Tile:
    key, answer = str(record["key"]), str(record["answer"])
    digit = answer.removesuffix(" (yours)") if answer != queries.HIDDEN else None
    return Tile(
        png=tile_picture(picture),
        note=picture.note,
        alt=f"{key}, {answer}, {state}",
        title=f"{key}\n{answer}, {state}\n{record['learned']}",
        name=short(key.partition("/")[2] or key, 60),
        digit=digit,
        confidence="",
        decision=str(state),
        tone=_TONES[state],
        remarks=str(record["who"]),
        opens=str(record["sha256"]),
    )


def _show_one(image: Consensus) -> None:
    """Draw one image with its answers, and the keypad that gives another one."""
    picture, words = st.columns([1, 3])
    (thumbnail,) = cached.thumbnails((image.versions[0],), Rendering.ORIGINAL)
    with picture:
        if thumbnail.png is None:
            st.info(f"No picture: {thumbnail.note}.")
        else:
            shown = magnified(thumbnail.png, _WIDTH)
            st.image(shown, width=_WIDTH, alt="The labelled image")
    with words:
        key = image.versions[0].key
        st.markdown(f"{code(key)} · **{plain(str(image.state))}**")
        answers = [
            f"- {plain(review.reviewer)}, {review.at:%Y-%m-%d %H:%M} UTC: "
            + (code(str(review.reply)) if _may_see(image, review.reviewer) else queries.HIDDEN)
            for review in image.reviews
        ]
        st.markdown("\n".join(answers))
        show_keypad(None if thumbnail.is_gone else ticket_of(image), "What do you see now?")
        with st.container(horizontal=True):
            if st.button("Open the image", type="tertiary"):
                go_to("image", image_of_batch(batch_of(key), image.versions[0]))
            if st.button("Close", type="tertiary"):
                del st.query_params[_LABEL]
                st.rerun()


def _may_see(image: Consensus, reviewer: str) -> bool:
    return image.state is State.AGREED or reviewer == person().name
