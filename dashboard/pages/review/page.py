"""The page Review: the next image, the buttons, and how far everybody is."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard.access.login import person
from dashboard.components import cached, tables
from dashboard.components.batch_list import Status
from dashboard.components.boundary import each_error_once, error_boundary, warn_of_unreadable
from dashboard.components.filters import BATCH, alternatives, batch_in_address, select_name
from dashboard.components.keypad import show_keypad
from dashboard.components.pictures import Rendering, Thumbnail, magnified
from dashboard.components.selection import SELECTION, ChosenImages, selection
from dashboard.components.texts import code, counted, plain
from dashboard.components.titles import page_title
from dashboard.pages.review.answers import next_ticket
from dashboard.pages.review.queries import (
    Work,
    agreement,
    reviewers,
    selected_tickets,
    work_of,
)
from dashboard.pages.review.queued import AGAIN, QueuedPredictions, queue_predictions
from dashboard.pages.review.value import show_value
from mnist import services
from mnist.digits import Outcome
from mnist.errors import MnistError
from mnist.reviews.agreement import State
from mnist.reviews.review import Review
from mnist.reviews.ticket import Ticket

_PICTURE_WIDTH = 260

_DIGITS = "digits"


@st.cache_resource(ttl=30, show_spinner=False, max_entries=100)
def _rescored_parts(batch: str) -> tuple[str, ...]:
    return tuple(services.current().rescores.keys_of(batch))


@st.cache_resource(max_entries=4, show_spinner="Fetching the rows of this batch …")
def _predictions(batch: str, parts: tuple[str, ...], again: tuple[str, ...]) -> QueuedPredictions:  # noqa: ARG001
    """Parts never change, so other parts are another question."""
    current = services.current()
    return queue_predictions(
        current.results,
        batch,
        current.rescores.read(again, AGAIN),
        audit_share=current.settings.audit_share,
        audit_key=current.settings.audit_key_bytes,
    )


@each_error_once()
def show() -> None:
    """Draw the page."""
    add_title = page_title("Review")
    with error_boundary():
        batch = _choose_batch()
        recorded = services.current().reviews.recorded()
        reviews = list(recorded)
        predictions = None
        if batch is not None:
            add_title(f"batch {batch}")
            predictions = _predictions(batch, cached.part_keys(batch), _rescored_parts(batch))
            predictions = _choose_queue(predictions)
        work = _work(predictions, reviews)
        chosen = selection()
        if chosen is not None:
            work = _of_selection(work, chosen)
        is_blind = _show_how_far(work, predictions, chosen)
        ticket = next_ticket(work)
        if ticket is None:
            st.success(
                "Nothing waits for a look here. Choose another batch, or retrain: what you agreed "
                "on is in the next training."
            )
        else:
            ticket = _show_ticket(ticket, is_blind=is_blind)
        buttons = st.container()
        _show_progress(work)
        warn_of_unreadable(recorded.unreadable, "reviews")
        _show_reviewers(reviews, work)
        with buttons:  # last: a key pressed while the page is still being drawn is lost
            show_keypad(ticket, is_blind=is_blind)


def _choose_batch() -> str | None:
    """Ask for a batch with rows: unfinished ones first, then the newest."""
    table = cached.batches().table
    names = table["batch"][~table["status"].isin([Status.EMPTY, Status.WAITING])].tolist()
    if not names:
        st.info("No batch has been scored yet, so there is nothing to look at.")
        return None
    unknown = "There is no scored batch {}; here is the newest instead."
    batch = batch_in_address("remembered-review-batch", names, unknown)
    select_name(
        "New images from batch",
        names,
        batch,
        "review-batch",
        lambda choice: st.query_params.update({BATCH: choice}),
        help="Images that somebody else has begun come first, from whatever batch.",
    )
    return batch


def _choose_queue(predictions: QueuedPredictions) -> QueuedPredictions:
    """Ask for a queue where there are two: digits, and what is not one digit, says the model."""
    apart = predictions.no_digits
    if apart is None or not apart.for_review:
        return predictions
    choice = alternatives("Queue", [_DIGITS, str(Outcome.NOT_A_DIGIT)], "queue")
    return predictions if choice == _DIGITS else apart


def _work(predictions: QueuedPredictions | None, reviews: Sequence[Review]) -> Work:
    needed = services.current().settings.reviews_needed
    return work_of(person().name, reviews, needed, predictions, _champion_confusion())


def _of_selection(work: Work, chosen: ChosenImages) -> Work:
    """Let only the chosen images wait."""
    tickets = selected_tickets(chosen.tickets, work.consensuses, person().name)
    return replace(work, tickets=tickets)


def _show_how_far(
    work: Work, predictions: QueuedPredictions | None, chosen: ChosenImages | None
) -> bool:
    """Draw how much is done of the batch, or of the selection; return whether to hide the digit."""
    if chosen is not None:
        total = len({ticket.sha256 for ticket in chosen.tickets})
        done, what = total - len(work.tickets), f"{chosen.name}: {counted(total, 'image')}"
    elif predictions is not None:
        total = len(predictions.for_review)
        done, what = work.done(predictions, person().name), f"{total:,} for review"
        if drawn := len(set(predictions.audited_digests)):
            what += f" (with {drawn:,} drawn for the audit)"
    else:
        return False
    st.progress(done / total if total else 1.0, f"{plain(what)}, {done:,} done")
    with st.container(horizontal=True, vertical_alignment="center"):
        if chosen is not None and st.button("Review the whole batch instead", type="tertiary"):
            del st.query_params[SELECTION]
            st.rerun()
        return st.toggle(
            "Hide the model's digit",
            key="blind",
            bind="query-params",
            help="Nothing says what the model predicts, nor why the image is asked about.",
        )


def _champion_confusion() -> Sequence[Sequence[int]] | None:
    """Return the champion's confusion matrix, or None where there is none to be had."""
    try:
        evaluation = cached.champion().evaluation
    except MnistError:
        return None
    return evaluation.confusion if evaluation is not None else None


def _show_ticket(ticket: Ticket, *, is_blind: bool) -> Ticket:
    if ticket.read_value is None:
        original, model, words = st.columns([1, 1, 2], vertical_alignment="center")
        for column, rendering in ((original, Rendering.ORIGINAL), (model, Rendering.MODEL)):
            with column:
                _show_picture(cached.thumbnails((ticket.version,), rendering)[0], rendering)
    else:
        picture, words = st.columns([1, 1], vertical_alignment="center")
        with picture:
            ticket = show_value(ticket, is_blind=is_blind)
    with words:
        if ticket.read_value is not None and not ticket.audit and not is_blind:
            st.metric("Predicted value", ticket.read_value)
        if ticket.read_as is not None and not ticket.audit and not is_blind:
            st.metric("Predicted digit", str(ticket.read_as))
        for reason in () if is_blind else ticket.reasons:
            st.markdown(plain(reason))
        st.caption(f"{code(ticket.version.key)}", width="stretch")
    return ticket


def _show_picture(picture: Thumbnail, rendering: Rendering) -> None:
    if picture.png is None:
        st.info(f"No picture: {picture.note}.")
        return
    st.image(
        magnified(picture.png, _PICTURE_WIDTH),
        width=_PICTURE_WIDTH,
        caption=str(rendering),
        alt=f"The image, {rendering}",
    )


def _show_progress(work: Work) -> None:
    states = work.states
    needed = services.current().settings.reviews_needed
    counts = (
        ("Waiting for you", len(work.tickets), "Others' images first, then up to 200 new ones."),
        ("Your answers", work.own, "Images that you have answered for."),
        ("Second look", states[State.SECOND_LOOK], f"{needed} people must say the same."),
        ("Third look", states[State.THIRD_LOOK], "People disagree."),
        ("Agreed", states[State.AGREED], "Labels that the next training uses, if they are digits."),
    )
    tables.figures((label, f"{count:,}", meaning) for label, count, meaning in counts)
    st.caption(
        f"A label needs {counted(needed, 'reviewer')} who say the same. The next retraining uses "
        "every agreed digit, and its decision report says what it changed."
    )


def _show_reviewers(reviews: Sequence[Review], work: Work) -> None:
    if not reviews:
        return
    st.header("Reviewers")
    tables.table(
        reviewers(reviews, services.current().settings.reviews_needed),
        "Reviewers and their records",
        {
            "corrections": tables.number(help="Answers unlike the model's."),
            "compared": tables.number(help="Images on which others agree too."),
            "counts": st.column_config.CheckboxColumn(help="Off: others contradict too often."),
        },
    )
    pairs = agreement(work.consensuses.values())
    if not pairs.empty:
        kappa = "Agreement beyond chance: 1 is perfect, 0 is chance; none if undefined."
        tables.table(
            pairs,
            "How well reviewers agree",
            {
                "rate": tables.share("agreement"),
                "kappa": tables.number("Cohen's kappa", format="%.2f", help=kappa),
            },
        )
