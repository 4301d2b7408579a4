"""Pictures of the images that a decision speaks of: production images and labels."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.components import cached, tables
from dashboard.components.gallery import Tile, gallery, tile_picture
from dashboard.components.links import go_to, image_of_batch
from dashboard.components.pictures import Rendering, Thumbnail
from dashboard.components.texts import counted, percent, plain, short
from dashboard.pages.decisions import queries
from mnist import services
from mnist.keys import ObjectVersion, batch_of
from mnist.promotion import Decision

_IMAGES_SHOWN = 48
_NOT_RECORDED = Thumbnail(None, "no longer recorded")


@st.cache_resource(max_entries=20, ttl=600, show_spinner="Looking up the images …")
def _places(keys: tuple[str, ...]) -> Mapping[str, ObjectVersion]:
    return queries.places_of(services.current().results, keys)


def show_production(decision: Decision) -> None:
    """Draw what changes in production, in numbers and pictures."""
    replay = decision.evidence.get("replay")
    if not replay or not replay["images"]:
        st.info("No production image was predicted again for this decision.")
        return
    changed = sum(flip["images"] for flip in replay["flips"])
    labelled = replay.get("labelled", 0)
    st.markdown(
        f"The last {counted(replay['images'], 'image')} predicted again: for **{changed:,}** "
        f"without a label the candidate predicts another digit. Of {labelled:,} with a label, "
        f"{replay.get('gained', 0):,} are right only by the candidate and "
        f"{replay.get('lost', 0):,} only by the champion. Accepted unseen: "
        f"{percent(replay['accepted_before'], 1)} before, "
        f"{percent(replay['accepted_after'], 1)} after."
    )
    frame = queries.changed_images(decision).head(_IMAGES_SHOWN)
    if not frame.empty:
        st.caption(
            "Up to five of each change; the digit is the candidate's. A change without a label may "
            "be right or wrong: look at them."
        )
        _show_tiles(frame.assign(label=None), "Production images whose digit changes", "changed")


def show_labels(decision: Decision) -> None:
    """Draw which reviewed labels were used, which were not, and what they changed."""
    reviewed = decision.evidence.get("reviewed")
    if reviewed is None:
        st.info("Nobody's labels had a part in this version.")
        return
    changes = reviewed["changes"]
    st.markdown(plain(f"Reviewed images: {reviewed['sentence']}"))
    if changes["images"]:
        before = changes["right_before"]
        champion = "" if before is None else f", the champion {before:,}"
        st.markdown(
            f"Of {counted(changes['images'], 'label')} the candidate, which has learnt from them, "
            f"predicts {changes['right_after']:,} as labelled{champion}."
        )
    missing = queries.left_out(decision)
    if not missing.empty:
        tables.table(missing, "Why labels were left out", {"labels": tables.number("labels")})
    frame = queries.labelled_images(decision).head(_IMAGES_SHOWN)
    if not frame.empty:
        st.caption("What only one of both versions predicts as labelled; the digit is the new one.")
        _show_tiles(frame, "Reviewed images whose prediction changes", "labelled")


def _show_tiles(frame: pd.DataFrame, label: str, key: str) -> None:
    places = _places(tuple(frame["key"]))
    recorded = tuple(places[name] for name in frame["key"] if name in places)
    pictures = dict(zip(recorded, cached.thumbnails(recorded, Rendering.ORIGINAL), strict=True))
    tiles = [
        _tile(record, places.get(str(record["key"])), pictures)
        for record in frame.to_dict("records")
    ]
    go_to("image", gallery(tiles, label, key))


def _tile(
    record: Mapping[object, object],
    version: ObjectVersion | None,
    pictures: Mapping[ObjectVersion, Thumbnail],
) -> Tile:
    key, before, after = str(record["key"]), record["before"], record["after"]
    label = record["label"]
    picture = _NOT_RECORDED if version is None else pictures[version]
    result = f"champion {before}, candidate {after}"
    is_right = None if label is None else after == label
    return Tile(
        png=tile_picture(picture),
        note=picture.note,
        alt=f"{key}, {result}",
        title=f"{key}\n{result}",
        name=short(key.partition("/")[2] or key, 60),
        digit=str(after),
        confidence=f"was {before}",
        decision="changed" if label is None else f"label {label}",
        tone={None: "doubt", True: "good", False: "bad"}[is_right],
        remarks="",
        opens="" if version is None else image_of_batch(batch_of(key), version),
    )
