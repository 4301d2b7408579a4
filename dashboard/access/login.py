"""The login: nobody sees a page without a name and a role."""

import time
from datetime import UTC, datetime
from email.utils import format_datetime

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from dashboard.access.accounts import SESSION_SECONDS, Accounts, Throttle
from dashboard.access.people import Person, Role
from dashboard.components.texts import plain
from mnist.errors import AccessDenied

PERSON = "person"
"""Key of the session's person."""

_COOKIE = "digits-session"
_NOBODY = Person("", Role.VIEWER)
_KEEP_COOKIE = """
export default function ({ data }) {
  const secure = location.protocol === "https:" ? "; Secure" : ""
  document.cookie = `${data.cookie}; Path=/; SameSite=Strict${secure}`
}
"""


@st.cache_resource(show_spinner=False)
def accounts() -> Accounts:
    """Who may enter.

    Raises:
        InvalidSettings: If nobody could be told from anybody else.
    """
    settings = Accounts()
    settings.check()
    return settings


def person() -> Person:
    """Tell who looks at this page; nobody may change anything."""
    somebody = st.session_state.get(PERSON, _NOBODY)
    return somebody if isinstance(somebody, Person) else _NOBODY


def admitted() -> bool:
    """Find out who is there, or draw the form that asks. False until somebody has logged in."""
    if PERSON in st.session_state:
        return True
    if accounts().oidc:
        return _by_provider()
    visitor = accounts().person_in(str(st.context.cookies.get(_COOKIE, "")))
    if visitor is not None and not st.session_state.get("logged-out"):
        st.session_state[PERSON] = visitor
        return True
    _draw_form()
    return False


def show_person() -> None:
    """Say who is logged in, with the way out; draw it last.

    The component that leaves the session with the browser is there in one run only. Above the page
    it would push everything down for that run, and a click could find two copies of what it moved.
    """
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.caption(f"{plain(person().name)} · {person().role}", width="content")
        st.button("Log out", type="tertiary", on_click=_log_out, key="log-out")
    _keep_session()


def _draw_form() -> None:
    if st.session_state.pop("forget-session", False):
        _cookie()(data={"cookie": f"{_COOKIE}=; Max-Age=0"}, key="session-cookie")
    _, middle, _ = st.columns([1, 2, 1])
    with middle, st.form("login"):
        st.title("Digits")
        st.caption("Labels and changes are kept under the name that you give here.")
        name = st.text_input("Your name", max_chars=100, autocomplete="username")
        password = st.text_input("Password", type="password", autocomplete="current-password")
        if st.form_submit_button("Log in", type="primary"):
            _log_in(name, password)
        st.caption(
            "Two passwords, two roles: a viewer looks, an editor also changes things. On a local "
            "stack both stand in .local/env: `grep 'DASHBOARD_.*PASSWORD' .local/env`."
        )


def _log_in(name: str, password: str) -> None:
    origin = st.context.ip_address  # None on loopback
    address = origin if isinstance(origin, str) else "loopback"
    try:
        _throttle().admit(address)
        st.session_state[PERSON] = accounts().enter(name, password)
    except AccessDenied as error:
        st.error(plain(str(error)))
        return
    _throttle().forgive(address)
    st.session_state.pop("logged-out", None)
    st.rerun()


def _by_provider() -> bool:
    if not st.user.is_logged_in:
        st.title("Digits")
        st.button("Log in", type="primary", on_click=st.login)
        return False
    try:
        st.session_state[PERSON] = accounts().person_of(
            str(st.user.get("email", "")), verified=bool(st.user.get("email_verified", False))
        )
    except AccessDenied as error:
        st.error(plain(str(error)))
        st.button("Log out", on_click=st.logout)
        return False
    return True


def _log_out() -> None:
    st.session_state.pop(PERSON, None)
    st.session_state["logged-out"] = st.session_state["forget-session"] = True
    if accounts().oidc:
        st.logout()


def _keep_session() -> None:
    """Leave the session with the browser once, so that a reload does not ask again."""
    if accounts().oidc or st.session_state.get("session-kept"):
        return
    until = datetime.fromtimestamp(time.time() + SESSION_SECONDS, UTC)
    cookie = f"{_COOKIE}={accounts().session(person())}"
    expires = format_datetime(until, usegmt=True)
    _cookie()(data={"cookie": f"{cookie}; Expires={expires}"}, key="session-cookie")
    st.session_state["session-kept"] = True


@st.cache_resource(show_spinner=False)
def _throttle() -> Throttle:
    return Throttle()


@st.cache_resource(show_spinner=False)
def _cookie() -> ComponentRenderer:
    return st.components.v2.component("digits_session", js=_KEEP_COOKIE)
