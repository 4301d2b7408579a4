"""Components that run in the browser: HTML, CSS and JavaScript in a folder named like each."""

from importlib.resources import files

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer


@st.cache_resource(show_spinner=False)
def browser_component(name: str) -> ComponentRenderer:
    """Register the component in the folder of this name."""
    folder = files("dashboard.components") / name
    html, css, js = ((folder / f"{name}.{kind}").read_text() for kind in ("html", "css", "js"))
    return st.components.v2.component(f"digits_{name}", html=html, css=css, js=js)


def draw_again() -> None:
    """Have the page drawn again, as after any callback; the component's result says why."""
