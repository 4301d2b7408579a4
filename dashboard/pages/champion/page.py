"""The page Champion: its name and origin, its numbers, its confusion matrix."""

from collections.abc import Callable

import streamlit as st

from dashboard.components import cached
from dashboard.components.boundary import each_error_once, error_boundary
from dashboard.components.champion import Champion, accuracy_interval
from dashboard.components.texts import percent, plain
from dashboard.components.titles import page_title
from dashboard.pages.champion.charts import confusion_chart, worst_confusions
from mnist.evaluation.metrics import Evaluation


@each_error_once()
def show() -> None:
    """Draw the page."""
    add_title = page_title("Champion")
    with error_boundary():
        _show_champion(add_title)


def _show_champion(add_title: Callable[[str], None]) -> None:
    champion = cached.champion()
    add_title(f"version {champion.details.version}")
    st.markdown(champion.headline)
    if not champion.is_mnist:
        st.warning(champion.origin_warning)
    if champion.evaluation is None:
        st.warning(plain(champion.problem or "The champion's run kept no evaluation.json."))
        return
    numbers, matrix = st.columns([1, 2], gap="large")
    with numbers:
        _show_numbers(champion, champion.evaluation)
    with matrix:
        worst = worst_confusions(champion.evaluation)
        st.altair_chart(confusion_chart(champion.evaluation), alt=f"Confusion matrix. {worst}")
        st.caption(
            f"Confusion matrix of the test images: the darker, the more often confused. {worst}"
        )


def _show_numbers(champion: Champion, evaluation: Evaluation) -> None:
    accuracy = accuracy_interval(evaluation)
    st.metric(
        "Test accuracy",
        percent(accuracy.estimate),
        help="Share of test images predicted correctly, with its exact 95 % interval "
        "(Clopper and Pearson).",
    )
    st.caption(
        f"95 % interval {percent(accuracy.low)} to {percent(accuracy.high)}: "
        f"{evaluation.errors:,} of {evaluation.images:,} images misclassified"
    )
    figures = (
        (
            "Macro F1",
            f"{evaluation.macro_f1:.4f}",
            "Mean F1 over the ten digits, each counting the same; 1 is perfect.",
        ),
        (
            "Calibration error",
            f"{evaluation.calibration_error:.4f}",
            "How far confidence and accuracy lie apart on average; 0 is perfect.",
        ),
        ("Log loss", f"{evaluation.log_loss:.4f}", "In nats; 0 is perfect."),
    )
    for column, (label, value, meaning) in zip(st.columns(3), figures, strict=True):
        column.metric(label, value, help=meaning)
    st.link_button("Its run in MLflow ↗", champion.details.run.url, type="tertiary")
