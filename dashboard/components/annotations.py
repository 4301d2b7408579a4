"""Notes and tags on images: written on one image or on a selection, filtered by, and exported."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import pandas as pd
import pyarrow as pa
import streamlit as st

from dashboard.access.annotating import annotate, take_back_note
from dashboard.access.login import person
from dashboard.components import tables
from dashboard.components.boundary import ActionResult, remember_result, show_result
from dashboard.components.filters import FILTER
from dashboard.components.gallery import Tile
from dashboard.components.links import image_of_batch, image_of_training, url_of
from dashboard.components.texts import code, counted, plain
from mnist import services
from mnist.keys import batch_of
from mnist.reviews.annotation import (
    LONGEST_NOTE,
    MOST_IMAGES,
    Annotation,
    ImageAnnotations,
    standing_annotations,
)
from mnist.reviews.content import ImageContent
from mnist.spreadsheets import to_csv
from mnist.storage.object_log import Entries

TAG = "tag"
"""Name of the tags in the address."""

_RESULT = "annotation-result"
_NOTE, _GIVEN, _REMOVED = "annotate-note", "annotate-tags", "annotate-removed"
_MEANING = "Images that carry one of these tags, which people gave them here or on another page."


@st.cache_resource(ttl=10, show_spinner=False)
def recorded() -> Entries[Annotation]:
    """Every entry ever written."""
    return services.current().annotations.recorded()


def standing() -> Mapping[str, ImageAnnotations]:
    """What counts: digest of an image -> its notes and tags."""
    return standing_annotations(recorded().by_key)


def all_tags() -> list[str]:
    """Name every tag that an image carries."""
    return sorted({tag for image in standing().values() for tag in image.tags})


def choose_tags() -> tuple[str, ...]:
    """Draw the filter by tags, where there are any; an image that carries one of them is meant."""
    names = all_tags()
    for tag in st.query_params.get_all(TAG):
        if tag not in names:
            st.warning(f"No image has the tag {code(tag)}, so it filters nothing.")
    if not names:
        return ()
    options = FILTER | {"placeholder": "any", "help": _MEANING}
    return tuple(st.multiselect("Tag", names, key=TAG, **options))


def carrying(contents: pd.Series, tags: Iterable[str]) -> pd.Series:
    """Tell which images carry one of these tags.

    Args:
        contents: Digest of each image; missing where nobody knows it.
        tags: As `choose_tags` returns them, at least one.
    """
    chosen = set(tags)
    digests = [s for s, image in standing().items() if not chosen.isdisjoint(image.tags)]
    return contents.isin(digests)


def columns_for(contents: pd.Series) -> pd.DataFrame:
    """Write the tags and the notes of images as columns `tags` and `notes`, with their index."""
    texts = {s: (", ".join(image.tags), image.text) for s, image in standing().items()}
    lines = [texts.get(sha256, ("", "")) for sha256 in contents]
    return pd.DataFrame(lines, index=contents.index, columns=["tags", "notes"], dtype="str")


def show_on_tiles(tiles: Iterable[Tile], contents: Mapping[str, str]) -> None:
    """Add to tiles the tags and notes of their images.

    Args:
        tiles: Of a gallery.
        contents: What a tile opens -> digest of its image.
    """
    images = standing()
    for tile in tiles:
        image = images.get(contents.get(tile["opens"], ""))
        if image is None:
            continue
        marks = [f"#{tag}" for tag in image.tags]
        if image.notes:
            marks.append(counted(len(image.notes), "note"))
        tile["remarks"] = " · ".join(filter(None, (tile["remarks"], *marks)))
        tile["title"] = "\n".join(filter(None, (tile["title"], *marks, image.text)))


def offer_annotation(
    contents: Callable[[], pd.Series], images: Callable[[], Sequence[ImageContent]]
) -> None:
    """Draw the button behind which a selection gets notes and tags, and where all can be had.

    Args:
        contents: Gives the digest of each image of it, missing where nobody knows it.
        images: Names the first 500 of those that have one, in the order in which they are shown.
    """
    key = "notes-and-tags"
    popover = st.popover("Notes and tags", type="tertiary", on_change="rerun", key=key)
    if not popover.open:
        return
    with popover:
        digests = contents().dropna()
        _show_counts(digests)
        if person().is_editor:
            first = min(len(digests), MOST_IMAGES)
            more = f", the first of {len(digests):,}" if len(digests) > first else ""
            st.markdown(f"On **{counted(first, 'image')}** of this selection{more}:")
            _show_form(images)
        show_result(_RESULT)
        if recorded():
            pages = url_of("image")
            tables.download(
                "All notes and tags as CSV",
                lambda: _as_csv(annotation_table(standing(), pages)),
                "notes-and-tags.csv",
                "text/csv",
                "Every image that has a note or a tag now, wherever it lies.",
            )


def _show_counts(contents: pd.Series) -> None:
    images = standing()
    written = contents[contents.isin(list(images))]
    counts = Counter(tag for sha256 in written for tag in images[sha256].tags)
    named = ", ".join(f"{code(tag)} {number:,}" for tag, number in counts.most_common())
    st.markdown(f"Tags in this selection: {named or 'none'}.")


def show_annotations(image: ImageContent) -> None:
    """Draw the notes and tags of one image, and for editors the form that writes others."""
    held = standing().get(image.sha256)
    title = "Notes and tags" + "".join(f" · #{tag}" for tag in (held.tags if held else ()))
    with st.expander(plain(title), expanded=held is not None):
        show_result(_RESULT)
        for key, entry in (held.notes if held is not None else {}).items():
            _show_note(key, entry)
        if person().is_editor:
            _show_form(lambda: [image])
        elif held is None:
            st.caption("Nobody has written anything on this image.")


def _show_note(key: str, entry: Annotation) -> None:
    several = f", on {len(entry.images):,} images" if len(entry.images) > 1 else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(entry.note), width="content")
        st.caption(f"{plain(entry.who)}, {entry.at:%Y-%m-%d %H:%M} UTC{several}", width="content")
        if person().is_editor:
            st.button(
                "Take back",
                type="tertiary",
                key=f"take-back-{key}",
                help="The note counts no more, on all its images.",
                on_click=remember_result,
                args=(_RESULT, lambda: _take_back(key, entry)),
            )


def _show_form(images: Callable[[], Sequence[ImageContent]]) -> None:
    names = all_tags()
    with st.form("annotate", border=False):
        st.multiselect(
            "Tags to give",
            names,
            key=_GIVEN,
            accept_new_options=True,
            placeholder="Choose one, or write a new one",
        )
        if names:
            st.multiselect("Tags to take off", names, key=_REMOVED, placeholder="None")
        st.text_area("Note", key=_NOTE, max_chars=LONGEST_NOTE, height=80)
        st.form_submit_button(
            "Write",
            key="annotate-write",
            on_click=remember_result,
            args=(_RESULT, lambda: _annotate(images()), "Not written: "),
        )


def _annotate(images: Sequence[ImageContent]) -> ActionResult:
    current, state = services.current(), st.session_state
    entry = annotate(
        current.annotations,
        current.audit,
        person(),
        images,
        note=state[_NOTE],
        tags=state[_GIVEN],
        removed=state.get(_REMOVED, ()),
    )
    recorded.clear()
    state[_NOTE], state[_GIVEN], state[_REMOVED] = "", [], []
    parts = [
        *(f"tag {code(tag)}" for tag in entry.tags),
        *(f"no tag {code(tag)}" for tag in entry.removed),
        *(["a note"] if entry.note else []),
    ]
    return ActionResult(f"Written on {counted(len(images), 'image')}: {', '.join(parts)}.")


def _take_back(key: str, entry: Annotation) -> ActionResult:
    current = services.current()
    take_back_note(current.annotations, current.audit, person(), key, entry)
    recorded.clear()
    return ActionResult(f"Taken back: {plain(entry.note)}")


def annotation_table(images: Mapping[str, ImageAnnotations], pages: str) -> pd.DataFrame:
    """List the images that have notes or tags.

    Args:
        images: What `standing` returns.
        pages: Where the page of one image lies.

    Returns:
        Columns `image`, `tags`, `notes`, `sha256`, and `page`, the address of the image.
    """
    lines = [
        (held.image.name, ", ".join(held.tags), held.text, sha256, f"{pages}?{_address(held)}")
        for sha256, held in images.items()
    ]
    return pd.DataFrame(lines, columns=["image", "tags", "notes", "sha256", "page"])


def _as_csv(frame: pd.DataFrame) -> bytes:
    return to_csv(pa.Table.from_pandas(frame, preserve_index=False))


def _address(held: ImageAnnotations) -> str:
    version = held.image.version
    if version is not None:
        return image_of_batch(batch_of(version.key), version)
    if held.image.source:
        return image_of_training(held.image.sha256)
    return f"test={held.image.test_image}"
