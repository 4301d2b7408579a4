"""The champion: its name and origin, its numbers, its confusion matrix."""

import streamlit as st

from dashboard.components import cached
from dashboard.components.champion import Champion, accuracy_interval
from dashboard.components.texts import code, percent, plain
from dashboard.pages.overview.charts import confusion_chart, worst_confusions
from mnist.evaluation.metrics import Evaluation


def show_champion() -> None:
    """Draw the champion's section."""
    if difference := cached.alias_problem():
        st.warning(plain(difference))
    champion = cached.champion()
    details = champion.details
    st.markdown(
        f"{code(details.name)} version {code(details.version)} · recipe "
        f"{code(details.tags.get('recipe', 'unknown'))} · trained on {code(champion.dataset)} · "
        f"registered {details.registered_at:%Y-%m-%d %H:%M} UTC"
    )
    if not champion.is_mnist:
        st.warning(
            f"**These are not MNIST's numbers.** The champion learned from and was measured on "
            f"{code(champion.dataset)}; set MNIST\\_DATA\\_DIR to MNIST's four files and retrain."
        )
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
