"""Which image is asked about next."""

import streamlit as st

from dashboard.components import cached
from dashboard.components.keypad import TAKEN_BACK
from dashboard.components.pictures import Rendering
from dashboard.pages.review.queries import Work
from mnist.reviews.ticket import Ticket


def next_ticket(work: Work) -> Ticket | None:
    """Take the first of the queue, or the image whose answer was just taken back.

    Nobody can answer for a picture that nobody can see: what was deleted or overwritten is left
    out.
    """
    again = st.session_state.get(TAKEN_BACK)
    taken_back = [ticket for ticket in work.tickets if ticket.sha256 == again]
    tickets = [*taken_back, *work.tickets]
    return next((ticket for ticket in tickets if not _is_gone(ticket)), None)


def _is_gone(ticket: Ticket) -> bool:
    (picture,) = cached.thumbnails((ticket.version,), Rendering.ORIGINAL)
    return picture.is_gone
