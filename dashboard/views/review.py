"""Review: one image at a time, answered by the keyboard; two people make a label."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import cached, wiring
from dashboard.access.login import person
from dashboard.actions import reviewing
from dashboard.parts.problems import told
from dashboard.pictures import magnified
from dashboard.queries.reviews import Work, agreement, reviewers, work_of
from dashboard.texts import code, counted, plain
from dashboard.thumbnails import Rendering, Thumbnail
from mnist.errors import MnistError
from mnist.reviews.agreement import State
from mnist.reviews.queue import Ticket
from mnist.reviews.review import Answer, Review

_BATCH = "batch"
_CHOICE = "review-batch"
_REMEMBERED = "remembered-review-batch"
_AGAIN = "review-again"
_LAST = "review-last"
_DIGITS = [answer for answer in Answer if answer.digit is not None]
_PICTURE_WIDTH = 260


def show() -> None:
    """Draw the page."""
    st.title("Review")
    with told():
        batch = _chosen_batch()
        recorded = wiring.review_log().recorded()
        work = _work(batch, recorded.reviews)
        ticket = _next(work)
        if ticket is None:
            st.success(
                "Nothing waits for a look here. Choose another batch, or retrain: what you agreed "
                "on is in the next training."
            )
        else:
            _picture(ticket)
        answers = st.container()
        _progress(work)
        for key in recorded.unreadable:
            st.warning(f"{code(key)} lies among the reviews and is none; it is left out.")
        _people(recorded.reviews, work)
        with answers:  # last: a key pressed while the page is still being drawn is lost
            _buttons(ticket)


def _chosen_batch() -> str | None:
    names = cached.reviewable_batches()
    if not names:
        st.info("No batch has been scored yet, so there is nothing to look at.")
        return None
    asked = st.query_params.get(_BATCH)
    if asked is not None and asked not in names:
        st.warning(f"There is no scored batch {code(asked)}; here is the newest instead.")
    candidates = (asked, st.session_state.get(_REMEMBERED), names[0])
    batch = next(name for name in candidates if name in names)
    st.session_state[_REMEMBERED] = st.session_state[_CHOICE] = st.query_params[_BATCH] = batch
    st.selectbox(
        "New images from batch",
        names,
        key=_CHOICE,
        on_change=_choose,
        help="Images that somebody else has begun come first, from whatever batch.",
    )
    return batch


def _choose() -> None:
    st.query_params[_BATCH] = st.session_state[_CHOICE]


def _work(batch: str | None, reviews: Sequence[Review]) -> Work:
    found = None
    if batch is not None:
        found = cached.readings(batch, cached.part_keys(batch), cached.rescored_parts(batch))
    return work_of(
        person().name,
        reviews,
        wiring.settings().reviews_needed,
        found,
        cached.champion_confusion(),
    )


def _next(work: Work) -> Ticket | None:
    """Take the first of the queue, or the one whose answer was just taken back."""
    again = st.session_state.get(_AGAIN)
    taken_back = [ticket for ticket in work.tickets if ticket.sha256 == again]
    return next(iter([*taken_back, *work.tickets]), None)


def _picture(ticket: Ticket) -> None:
    dropped, read, words = st.columns([1, 1, 2], vertical_alignment="center")
    for column, view in ((dropped, Rendering.DROPPED), (read, Rendering.READ)):
        with column:
            _show(cached.thumbnails_of((ticket.version,), view)[0], view)
    with words:
        if ticket.read_as is not None:
            st.metric("The model reads", str(ticket.read_as))
        for reason in ticket.reasons:
            st.markdown(plain(reason))
        st.caption(f"{code(ticket.version.key)}", width="stretch")


def _show(picture: Thumbnail, view: Rendering) -> None:
    if picture.png is None:
        st.info(f"No picture: {picture.note}.")
        return
    st.image(
        magnified(picture.png, _PICTURE_WIDTH),
        width=_PICTURE_WIDTH,
        caption=str(view),
        alt=f"The image, {view}",
    )


def _buttons(ticket: Ticket | None) -> None:
    if not person().may_change:
        st.info(
            "You may look. Log out and log in with the password of the role that changes things "
            "to label images."
        )
        return
    st.markdown("**Which digit do you see?** Press its key, or:")
    with st.container(horizontal=True):
        for said in _DIGITS:
            _button(str(said), str(said), ticket, said)
    with st.container(horizontal=True):
        _button("Not a digit", "x", ticket, Answer.NOT_A_DIGIT)
        _button("Unsure", "u", ticket, Answer.UNSURE)
        st.button("Take back my last answer", shortcut="z", key="answer-z", on_click=_undo)
    last = st.session_state.get(_LAST)
    if last:
        st.caption(last)


def _button(label: str, key: str, ticket: Ticket | None, said: Answer) -> None:
    st.button(
        label,
        shortcut=key,
        key=f"answer-{key}",
        disabled=ticket is None,
        on_click=_answer,
        args=(ticket, said),
    )


def _answer(ticket: Ticket, said: Answer) -> None:
    st.session_state.pop(_AGAIN, None)
    try:
        review = reviewing.answer(wiring.review_log(), person(), ticket, said)
    except MnistError as error:
        st.session_state[_LAST] = f"Not recorded: {plain(str(error))}"
        return
    st.session_state[_LAST] = f"Recorded {code(said)} for {code(review.key)}."


def _undo() -> None:
    try:
        review = reviewing.undo(wiring.review_log(), person())
    except MnistError as error:
        st.session_state[_LAST] = plain(str(error))
        return
    st.session_state[_AGAIN] = review.sha256
    st.session_state[_LAST] = f"Taken back: {code(str(review.answer))} for {code(review.key)}."


def _progress(work: Work) -> None:
    states = work.states
    needed = wiring.settings().reviews_needed
    figures = (
        ("Waiting for you", len(work.tickets), "Others' images first, then up to 200 new ones."),
        ("Your answers", work.own, "Images that you have answered for."),
        ("Second look", states[State.SECOND_LOOK], f"{needed} people must say the same."),
        ("Third look", states[State.THIRD_LOOK], "People disagree."),
        ("Agreed", states[State.AGREED], "Labels that the next training uses, if they are digits."),
    )
    with st.container(horizontal=True):
        for label, count, meaning in figures:
            st.metric(label, f"{count:,}", help=meaning, border=True)
    st.caption(
        f"A label needs {counted(needed, 'reviewer')} who say the same. The next retraining uses "
        "every agreed digit, and its decision report says what it changed."
    )


def _people(reviews: Sequence[Review], work: Work) -> None:
    if not reviews:
        return
    st.header("Reviewers")
    st.dataframe(
        reviewers(reviews, wiring.settings().reviews_needed),
        hide_index=True,
        alt="Reviewers and their records",
        column_config={
            "corrections": st.column_config.NumberColumn(help="Answers unlike the model's."),
            "compared": st.column_config.NumberColumn(help="Images on which others agree too."),
            "counts": st.column_config.CheckboxColumn(help="Off: others contradict too often."),
        },
    )
    pairs = agreement(work.said.values())
    if not pairs.empty:
        st.dataframe(
            pairs,
            hide_index=True,
            alt="How well reviewers agree",
            column_config={
                "rate": st.column_config.NumberColumn("agreement", format="percent"),
                "kappa": st.column_config.NumberColumn(
                    "Cohen's kappa",
                    format="%.2f",
                    help="Agreement beyond chance: 1 is perfect, 0 is chance; none if undefined.",
                ),
            },
        )
