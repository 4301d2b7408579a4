"""Names for addresses: saved beside the title of any page, listed there and on the first screen."""

import streamlit as st

from dashboard.access.annotating import remove_view, save_view
from dashboard.access.login import person
from dashboard.components.boundary import ActionResult, remember_result, show_result, tell_error
from dashboard.components.links import address_here, page_named
from dashboard.components.selection import SELECTION
from dashboard.components.texts import code, plain
from mnist import services
from mnist.errors import InvalidInput, MnistError
from mnist.storage.saved_views import LONGEST_NAME, SavedView

_RESULT = "view-result"
_NAME = "view-name"


@st.cache_resource(ttl=10, show_spinner=False)
def saved_views() -> list[SavedView]:
    """The views that count, by name."""
    return services.current().saved_views.standing()


def offer_views() -> None:
    """Draw the button behind which are the saved views, and for editors what saves this one."""
    popover = st.popover("Views", type="tertiary", on_change="rerun", key="views")
    if not popover.open:
        return
    with popover:
        try:
            views = saved_views()
        except MnistError as error:
            tell_error(error)
            return
        if not views:
            st.caption("Nobody has saved a view yet.")
        for view in views:
            _show_view(view)
        if person().is_editor:
            _show_form()
        show_result(_RESULT)


def list_views() -> None:
    """Draw a link to each saved view, side by side; nothing where there is none."""
    views = saved_views()
    if views:
        with st.container(horizontal=True):
            for view in views:
                _show_link(view)


def _show_view(view: SavedView) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_link(view)
        if person().is_editor:
            st.button(
                "Remove",
                type="tertiary",
                key=f"remove-view-{view.sequence}",
                help=f"Takes the name away that {plain(view.who)} gave on {view.at:%Y-%m-%d}.",
                on_click=remember_result,
                args=(_RESULT, lambda: _remove(view), "Not removed: "),
            )


def _show_link(view: SavedView) -> None:
    page = page_named(view.page)
    if page is None:
        st.caption(
            f"{plain(view.name)}: there is no page {code(view.page)} any more, so this view leads "
            "nowhere; remove it.",
            width="content",
        )
        return
    st.page_link(page, label=plain(view.name), query_params=view.parameters, width="content")


def _show_form() -> None:
    with st.form("save-view", border=False):
        st.text_input(
            "Save this page, as it is filtered now, as", key=_NAME, max_chars=LONGEST_NAME
        )
        st.form_submit_button(
            "Save the view",
            key="save-view-now",
            on_click=remember_result,
            args=(_RESULT, _save, "Not saved: "),
        )


def _save() -> ActionResult:
    current = services.current()
    page, query = address_here()
    if SELECTION in st.query_params:
        raise InvalidInput(
            "A selection lasts as long as the visit in which it was made, so its page cannot be "
            "saved; save the page whose filters chose it."
        )
    name = st.session_state[_NAME]
    view = save_view(current.saved_views, current.audit, person(), name, page=page, query=query)
    saved_views.clear()
    st.session_state[_NAME] = ""
    return ActionResult(f"Saved as {code(view.name)}; everybody finds it here and on Overview.")


def _remove(view: SavedView) -> ActionResult:
    current = services.current()
    remove_view(current.saved_views, current.audit, person(), view.name)
    saved_views.clear()
    return ActionResult(f"Removed: {code(view.name)}.")
