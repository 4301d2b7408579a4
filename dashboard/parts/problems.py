"""What went wrong, told on the page in the place of what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.texts import plain
from mnist.errors import MnistError, NoChampion


@contextmanager
def told() -> Iterator[None]:
    """Run a section of a page; an error of ours becomes a sentence and the page goes on.

    Errors that we did not foresee pass: they are bugs, and belong in the log.
    """
    try:
        yield
    except NoChampion as error:
        st.info(plain(str(error)))
    except MnistError as error:
        st.error(plain(str(error)))
