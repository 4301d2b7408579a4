"""Logging in: two passwords, two roles, sessions nobody can make up, and patience with guessers."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import wiring
from dashboard.access.accounts import SESSION_SECONDS, Accounts, Throttle, person_name
from dashboard.access.people import Person, Role, require_editor
from mnist.errors import AccessDenied, InvalidSettings

_APP = Path(wiring.__file__).with_name("app.py")
_NOW = 1_800_000_000.0


def accounts(looking="l" * 12, changing="c" * 12, **values) -> Accounts:
    return Accounts(viewer_password=looking, editor_password=changing, **values)


@pytest.mark.parametrize(("password", "role"), [("l" * 12, Role.VIEWER), ("c" * 12, Role.EDITOR)])
def test_the_password_decides_the_role(password, role):
    assert accounts().enter("Ada", password) == Person("ada", role)


@pytest.mark.parametrize("password", ["", "l" * 11, "l" * 13, "L" * 12, "l" * 12 + "\0"])
def test_another_password_lets_nobody_in(password):
    with pytest.raises(AccessDenied, match="not the password"):
        accounts().enter("ada", password)


def test_nobody_enters_without_a_name():
    with pytest.raises(AccessDenied, match="Give your name"):
        accounts().enter(" \u200b ", "c" * 12)


def test_one_person_has_one_name():
    assert {person_name(name) for name in ("Ada  L", " ada l", "ADA\tL", "\uff21da l")} == {"ada l"}


@pytest.mark.parametrize(
    ("looking", "changing"), [(None, None), ("l" * 12, None), ("short", "c" * 12), ("c" * 12,) * 2]
)
def test_without_two_good_passwords_nothing_starts(looking, changing):
    with pytest.raises(InvalidSettings, match="DASHBOARD_VIEWER_PASSWORD"):
        accounts(looking, changing).check()


def test_a_session_is_read_back_until_it_is_over():
    person = Person("zoë . x", Role.EDITOR)
    session = accounts().session(person, _NOW)
    assert accounts().person_in(session, _NOW + SESSION_SECONDS) == person
    assert accounts().person_in(session, _NOW + SESSION_SECONDS + 1) is None


@pytest.mark.parametrize("wrong", ["", ".", "a.b.c.d", "é", "YQ==.changing.1900000000."])
def test_a_made_up_session_is_nobodys(wrong):
    assert accounts().person_in(wrong, _NOW) is None


def test_nobody_raises_their_own_role():
    session = accounts().session(Person("eve", Role.VIEWER), _NOW)
    assert accounts().person_in(session.replace("looking", "changing"), _NOW) is None


def test_another_password_ends_every_session():
    session = accounts().session(Person("ada", Role.EDITOR), _NOW)
    assert accounts(looking="n" * 12).person_in(session, _NOW) is None


def test_a_provider_proves_the_name_and_the_settings_give_the_role():
    known = accounts(oidc=True, oidc_viewers="*@lab.org", oidc_editors="ada@lab.org, bob@x.org")
    known.check()
    assert known.person_of("Ada@Lab.org", verified=True) == Person("ada@lab.org", Role.EDITOR)
    assert known.person_of("cyd@lab.org", verified=True).role is Role.VIEWER
    for email, verified in [("ada@lab.org", False), ("eve@lab.org.evil", True), ("", True)]:
        with pytest.raises(AccessDenied, match="DASHBOARD_OIDC_VIEWERS"):
            known.person_of(email, verified=verified)


def test_a_provider_without_roles_lets_nobody_in():
    with pytest.raises(InvalidSettings, match="nobody may enter"):
        accounts(oidc=True).check()


def test_guessing_is_slow_and_others_are_not_kept_waiting():
    now = 0.0
    throttle = Throttle(lambda: now)
    for _ in range(5):
        throttle.admit("1.2.3.4")
    with pytest.raises(AccessDenied, match="wait 60 s"):
        throttle.admit("1.2.3.4")
    throttle.admit("5.6.7.8")
    now = 60.0
    throttle.admit("1.2.3.4")
    throttle.forgive("1.2.3.4")
    for _ in range(5):
        throttle.admit("1.2.3.4")


def test_looking_is_not_changing():
    require_editor(Person("ada", Role.EDITOR), "roll back")
    with pytest.raises(AccessDenied, match="eve may look and not roll back"):
        require_editor(Person("eve", Role.VIEWER), "roll back")


@pytest.mark.usefixtures("environment")
class TestTheDoor:
    """Before anybody is known."""

    def test_shows_nothing_else(self):
        app = AppTest.from_file(_APP, default_timeout=60).run()
        assert not app.exception
        assert app.title[0].value == "Digits"
        assert not app.metric
        assert not app.header

    def test_asks_again_after_a_wrong_password_and_then_for_patience(self):
        app = AppTest.from_file(_APP, default_timeout=60).run()
        for _ in range(6):
            app.text_input[0].set_value("eve")
            app.text_input[1].set_value("guess")
            app.button[0].click().run()
        assert "Too many tries" in app.error[0].value
        assert "person" not in app.session_state

    def test_without_passwords_says_what_to_set(self, monkeypatch, dashboard):
        monkeypatch.delenv("DASHBOARD_EDITOR_PASSWORD")
        dashboard()
        app = AppTest.from_file(_APP, default_timeout=60).run()
        assert "DASHBOARD_EDITOR_PASSWORD" in app.error[0].value.replace("\\", "")
