"""Errors of ours become sentences on the page: around a section, and after a click."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import streamlit as st

from dashboard.components.texts import code, sentence
from mnist import services
from mnist.errors import MnistError, NoChampion
from mnist.orchestrator import advice

_REPORTED: ContextVar[set[str] | None] = ContextVar("reported", default=None)


@contextmanager
def error_boundary() -> Iterator[None]:
    """Run a section of a page; an error of ours becomes a sentence and the page goes on.

    Errors that we did not foresee pass: they are bugs, and belong in the log.
    """
    try:
        yield
    except NoChampion as error:
        st.info(sentence(advice(error)))
    except MnistError as error:
        tell_error(error)


@contextmanager
def each_error_once() -> Iterator[None]:
    """Draw a page on which sections that fail for one reason say it once, and then refer to it.

    Around every page, as the decorator of its function.
    """
    token = _REPORTED.set(set())
    try:
        yield
    finally:
        _REPORTED.reset(token)


def tell_error(error: MnistError) -> None:
    """Say what is wrong, unless this page has said it; then say that this is why."""
    text = sentence(advice(error))
    reported, cause = _REPORTED.get(), error.service or text
    if reported is not None and cause in reported:
        st.caption("Not known now, for the reason above.")
        return
    if reported is not None:
        reported.add(cause)
    st.error(text)


def section(title: str, draw: Callable[[], None], meaning: str | None = None) -> None:
    """Draw a header and the section of a page below it, within an error boundary."""
    st.header(title, help=meaning)
    with error_boundary():
        draw()


def warn_of_unreadable(keys: Iterable[str], kind: str) -> None:
    """Name the objects that lie among entries of a kind and cannot be parsed."""
    for key in keys:
        st.warning(f"{code(key)} lies among the {kind} and is none; it is left out.")


@dataclass(frozen=True)
class ActionResult:
    """What an action came to: a text in Markdown, and whether it succeeded."""

    text: str
    succeeded: bool = True


def remember_result(key: str, action: Callable[[], ActionResult], failure: str = "") -> None:
    """Run the action of a button, for callbacks, and remember what the page should say of it.

    Args:
        key: Where the session keeps the result.
        action: What to do; an error of ours becomes the result.
        failure: What stands before the sentence of an error.
    """
    try:
        st.session_state[key] = action()
    except MnistError as error:
        st.session_state[key] = ActionResult(f"{failure}{sentence(advice(error))}", succeeded=False)


def show_result(key: str) -> None:
    """Draw, once, what the last action came to."""
    result = st.session_state.pop(key, None)
    if result is not None:
        (st.success if result.succeeded else st.error)(result.text)


def run_link(run: str) -> str:
    """Link to a flow run, to be put after a sentence; empty if nobody said where Prefect is."""
    url = services.current().prefect.run_url(run)
    return f" [Its run in Prefect]({url})" if url else ""
