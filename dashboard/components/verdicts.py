"""Whose fault errors are, as people said it: asked for, counted, and as a table."""

from collections.abc import Iterable, Mapping

import pandas as pd
import streamlit as st

from dashboard.access.actions import record_verdict
from dashboard.access.login import person
from dashboard.components.boundary import ActionResult, remember_result, show_result
from dashboard.components.gallery import Choices, Tile
from dashboard.components.links import image_of_batch, image_of_test, image_of_training
from dashboard.components.texts import code, plain
from mnist import services
from mnist.keys import batch_of
from mnist.reviews.verdict import ErrorFault, ErrorVerdict, Misclassified, standing_verdicts
from mnist.storage.object_log import Entries

NOT_JUDGED = "not judged"
"""Stands where a misclassified image has no verdict."""

_RESULT = "verdict-result"
_KEYS = {ErrorFault.MODEL_WRONG: "m", ErrorFault.LABEL_WRONG: "l", ErrorFault.AMBIGUOUS: "a"}


@st.cache_resource(ttl=10, show_spinner=False)
def recorded() -> Entries[ErrorVerdict]:
    """Every verdict ever given."""
    return services.current().verdicts.recorded()


def standing() -> Mapping[tuple[str, int], ErrorVerdict]:
    """The verdicts that count: digest and label -> verdict."""
    return standing_verdicts(recorded())


def verdict_on(image: Misclassified) -> ErrorVerdict | None:
    """Return the verdict that counts for an image; None if there is none."""
    return standing().get((image.sha256, image.label))


def give_verdict(image: Misclassified, fault: ErrorFault) -> None:
    """Record a verdict, for callbacks; one that is given already is taken back."""
    remember_result(_RESULT, lambda: _give(image, fault), "Not recorded: ")


def _give(image: Misclassified, fault: ErrorFault) -> ActionResult:
    recorded.clear()
    current = verdict_on(image)
    new = None if current is not None and current.fault is fault else fault
    log, audit = services.current().verdicts, services.current().audit
    record_verdict(log, audit, person(), image, new)
    recorded.clear()
    what = f"Taken back: {fault}" if new is None else f"Recorded: {fault}"
    return ActionResult(
        f"{what}, for {code(image.name)} (label {image.label}, predicted as {image.predicted})."
    )


def show_verdict_result() -> None:
    """Draw, once, what came of the last verdict."""
    show_result(_RESULT)


def show_verdict(image: Misclassified) -> None:
    """Draw whose fault a misclassified image is, and for editors the buttons and keys that say."""
    verdict = verdict_on(image)
    standing_fault = verdict.fault if verdict is not None else None
    by = "" if image.source else "version "
    st.markdown(
        f"**Whose fault?** Label {image.label}, predicted as {image.predicted} by "
        f"{by}{plain(image.model_version)}: **{standing_fault or NOT_JUDGED}**."
    )
    if person().is_editor:
        with st.container(horizontal=True):
            for fault, key in _KEYS.items():
                st.button(
                    fault.capitalize(),
                    shortcut=key,
                    key=f"verdict-{key}",
                    help=fault.sentence,
                    type="primary" if fault is standing_fault else "secondary",
                    on_click=give_verdict,
                    args=(image, fault),
                )
    if verdict is not None:
        st.caption(
            f"{plain(verdict.who)}, {verdict.at:%Y-%m-%d %H:%M} UTC. Said again, it is taken back."
        )
    show_verdict_result()


def offer_verdicts(tiles: Iterable[Tile], images: Mapping[str, Misclassified]) -> None:
    """Add to tiles what was said of their images, and for editors the buttons that say it.

    Args:
        tiles: Of a gallery.
        images: What a tile opens -> its image, where that is misclassified.
    """
    verdicts = standing() if images else {}
    for tile in tiles:
        image = images.get(tile["opens"])
        if image is None:
            continue
        verdict = verdicts.get((image.sha256, image.label))
        standing_fault = "" if verdict is None else str(verdict.fault)
        if person().is_editor:
            label = f"Whose fault, {image.name}"
            tile["choices"] = Choices(label=label, options=[*ErrorFault], chosen=standing_fault)
        else:
            tile["remarks"] = " · ".join(filter(None, (tile["remarks"], standing_fault)))


def fault_counts(frame: pd.DataFrame) -> dict[str, int]:
    """Count misclassified images by verdict, those without one last.

    Args:
        frame: With a column `verdict`.
    """
    counts = frame["verdict"].value_counts()
    return {name: int(counts.get(name, 0)) for name in (*ErrorFault, NOT_JUDGED)}


def verdict_table(verdicts: Iterable[ErrorVerdict], pages: str) -> pd.DataFrame:
    """List verdicts, the last one first; times are UTC.

    Args:
        verdicts: All of them.
        pages: Where the page of one image lies.

    Returns:
        Columns `at`, `who`, `verdict` (empty where one was taken back), `image`, `label`,
        `predicted`, `model_version`, `sha256`, and `page`, the address of the image.
    """
    lines = [
        {
            "at": verdict.at.replace(tzinfo=None),
            "who": verdict.who,
            "verdict": verdict.fault or "",
            "image": verdict.name,
            "label": verdict.label,
            "predicted": verdict.predicted,
            "model_version": verdict.model_version,
            "sha256": verdict.sha256,
            "page": f"{pages}?{address_of(verdict)}",
        }
        for verdict in sorted(verdicts, key=lambda verdict: verdict.at, reverse=True)
    ]
    return pd.DataFrame(lines)


def address_of(image: Misclassified) -> str:
    """Name an image as the page of one image does in its address."""
    if image.test_image is not None:
        return image_of_test(image.model_version, image.test_image)
    if image.source:
        return image_of_training(image.sha256)
    version = image.version
    assert version is not None  # noqa: S101 -- it is one or the other
    return image_of_batch(batch_of(version.key), version)
