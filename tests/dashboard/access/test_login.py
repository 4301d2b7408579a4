"""The login, as somebody meets it who has not logged in."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.access.people import Person, Role
from dashboard.app import script

_APP = Path(script.__file__)

pytestmark = pytest.mark.usefixtures("environment")


def test_the_login_shows_nothing_else():
    app = AppTest.from_file(_APP, default_timeout=60).run()
    assert not app.exception
    assert app.title[0].value == "Digits"
    assert not app.metric
    assert not app.header


def test_it_asks_again_after_a_wrong_password_and_then_for_patience():
    app = AppTest.from_file(_APP, default_timeout=60).run()
    for _ in range(6):
        app.text_input[0].set_value("eve")
        app.text_input[1].set_value("guess")
        app.button[0].click().run()
    assert "Too many tries" in app.error[0].value
    assert "person" not in app.session_state


def test_without_passwords_it_says_what_to_set(monkeypatch, dashboard):
    monkeypatch.delenv("DASHBOARD_EDITOR_PASSWORD")
    dashboard()
    app = AppTest.from_file(_APP, default_timeout=60).run()
    assert "DASHBOARD_EDITOR_PASSWORD" in app.error[0].value.replace("\\", "")


def test_keeping_the_session_moves_nothing_on_the_page():
    app = AppTest.from_file(_APP, default_timeout=60)
    app.session_state["person"] = Person("ada", Role.EDITOR)
    place = [_place_of_title(app.run()) for _ in range(2)]
    assert app.session_state["session-kept"]
    assert place[0] == place[1]


def _place_of_title(app) -> int:
    """Count what stands above the title, which shares its line with the saved views."""
    return next(n for n, block in app.main.children.items() if _is_or_holds_title(block))


def _is_or_holds_title(block) -> bool:
    inner = getattr(block, "children", {}).values()
    return block.type == "title" or any(map(_is_or_holds_title, inner))
