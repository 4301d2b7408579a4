"""One batch: how far it is, its sums, why images were rejected, and what can be done with it."""

from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from dashboard.access.actions import score_rejects_again, verify_receipt
from dashboard.access.login import person
from dashboard.components import cached
from dashboard.components.batch_list import Status
from dashboard.components.batch_rows import remark_sentence
from dashboard.components.boundary import ActionResult, remember_result, run_link, show_result
from dashboard.components.links import go_to
from dashboard.components.texts import code, counted, percent, plain
from dashboard.pages.batches.queries import balance
from mnist import services
from mnist.digits import Outcome
from mnist.scoring.receipts import Receipt

_COLOURS = {
    Status.EMPTY: "gray",
    Status.WAITING: "gray",
    Status.IN_PROGRESS: "blue",
    Status.COMPLETE: "green",
    Status.INCOMPLETE: "orange",
    Status.FAILED: "red",
}
_RESULT = "batch-result"
_WHY = "rejects-why"


def show_status(status: Status, receipt: Receipt | None) -> None:
    """Say how far the batch is, what that means, and where to see the last run."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(str(status), color=_COLOURS[status])  # type: ignore[arg-type]
        st.caption(status.sentence, width="content")
        if status in {Status.WAITING, Status.IN_PROGRESS}:
            st.button("Look again", on_click=cached.forget_batches, type="tertiary")
        address = _flow_run_page(receipt) if receipt else None
        if address:
            st.link_button("Its run in Prefect ↗", address, type="tertiary")


def show_receipt(receipt: Receipt) -> None:
    """Draw what the newest receipt says."""
    listed = receipt.listing.count
    scored = receipt.outcomes.get(Outcome.SCORED, 0)
    rejected = receipt.outcomes.get(Outcome.REJECTED, 0)
    empty = receipt.outcomes.get(Outcome.EMPTY, 0)
    no_digit = receipt.outcomes.get(Outcome.NOT_A_DIGIT, 0)
    counts = [
        ("Listed", listed, "Images found in the inbox by this run."),
        ("Scored", scored, "A digit was predicted."),
        ("Accepted", receipt.accepted, "Scored, and confident enough to need no person's look."),
        ("For review", scored - receipt.accepted, "Scored, and worth a person's look."),
        ("Rejected", rejected, "No digit; the reason is kept."),
    ]
    if empty:
        counts.append(("Empty", empty, "Places of a layout in which nothing is written."))
    if no_digit:
        meaning = "Something else than one digit, says the model; a queue of its own on Review."
        counts.append(("Not a digit", no_digit, meaning))
    with st.container(horizontal=True):
        for label, count, meaning in counts:
            st.metric(
                label,
                f"{count:,}",
                percent(count / listed, 1) if listed and label != "Listed" else None,
                delta_color="off",
                delta_arrow="off",
                help=meaning,
                border=True,
                height="stretch",
            )
    models = ", ".join(
        f"{code(model.name)} version {code(model.version)}" for model in receipt.models
    )
    st.markdown(
        f"{balance(receipt)} · predicted by {models or 'no model'} · receipt written "
        f"{receipt.run.finished_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    if receipt.work is not None:
        st.caption(receipt.work.sentence)
    if receipt.verdict != "complete":
        st.warning(plain(receipt.verdict_reason))
    if receipt.unlisted:
        st.caption(
            f"{counted(len(receipt.unlisted), 'image')} more have a row and were no longer in the "
            "inbox when this run looked: overwritten or deleted since they were scored."
        )
    if receipt.ignored:
        kinds = ", ".join(f"{count:,} {code(kind)}" for kind, count in receipt.ignored.items())
        st.caption(f"Left out, because computers add them by themselves: {kinds}.")
    if receipt.reasons:
        st.markdown("**Why images were rejected**")
        lines = (
            f"- {counted(count, 'image')}: {code(reason)}. {plain(remark_sentence(reason))}"
            for reason, count in receipt.reasons.items()
        )
        st.markdown("\n".join(lines))


def show_tools(batch: str, receipt: Receipt) -> None:
    """Draw what can be done with the batch, and what came of the tool used last."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Review this batch", key="review-batch-now"):
            go_to("review", urlencode({"batch": batch}))
        if person().is_editor:
            st.button(
                "Verify the receipt",
                key="verify",
                on_click=remember_result,
                args=(_RESULT, lambda: _verify(receipt)),
                help="Fetches every part again and holds it against the receipt's digests and "
                "sums. What it finds is recorded under your name.",
            )
    show_result(_RESULT)
    rejects = receipt.outcomes.get(Outcome.REJECTED, 0)
    if rejects and person().is_editor:
        with st.expander(f"Score {counted(rejects, 'reject')} again"), st.form("rejects"):
            st.markdown(
                "Rejected images are scored again, as after a fix of the store or of this program. "
                "Images that have a digit keep it."
            )
            st.text_input("Why?", key=_WHY, max_chars=500)
            st.form_submit_button(
                "Score rejects again",
                on_click=remember_result,
                args=(_RESULT, lambda: _score_rejects_again(batch)),
            )


def _verify(receipt: Receipt) -> ActionResult:
    parts = counted(len(receipt.parts), "part")
    with st.spinner(f"Fetching {parts} again"):
        current = services.current()
        problems = verify_receipt(current.results, current.verifications, person(), receipt)
    cached.forget_batches()
    if problems:
        return ActionResult(
            "\n".join(f"- {plain(problem)}" for problem in problems), succeeded=False
        )
    return ActionResult(
        f"The receipt holds: {parts} with the stated digests, "
        f"{counted(receipt.listing.count, 'image')} with exactly one outcome each. It is "
        f"{services.current().results.signer(receipt)}."
    )


def _score_rejects_again(batch: str) -> ActionResult:
    current = services.current()
    why = st.session_state[_WHY]
    run = score_rejects_again(current.prefect, current.audit, person(), batch, why)
    return ActionResult(f"A run has started.{run_link(run)}")


def _flow_run_page(receipt: Receipt) -> str | None:
    """Return the address of the run that wrote a receipt, if Prefect ran it."""
    try:
        run = UUID(receipt.run.flow_run or receipt.run.name)
        return services.current().prefect.run_url(str(run))
    except ValueError:
        return None
