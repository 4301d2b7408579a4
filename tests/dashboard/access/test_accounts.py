"""Two passwords, two roles, sessions that nobody can forge, and patience with guessers."""

import pytest
from itsdangerous import TimestampSigner, URLSafeSerializer

from dashboard.access.accounts import SESSION_SECONDS, Accounts, Throttle, person_name
from dashboard.access.people import Person, Role, require_editor
from mnist.errors import AccessDenied, InvalidSettings

_NOW = 1_800_000_000
_VIEWERS, _EDITORS, _KEY = "v" * 12, "e" * 12, "k" * 32


def accounts(viewers=_VIEWERS, editors=_EDITORS, key=_KEY, **values) -> Accounts:
    return Accounts(viewer_password=viewers, editor_password=editors, session_key=key, **values)


@pytest.fixture
def clock(monkeypatch):
    """Set the clock that sessions are signed and checked by."""

    def set_clock(seconds: int) -> None:
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: seconds)

    set_clock(_NOW)
    return set_clock


@pytest.mark.parametrize(("password", "role"), [(_VIEWERS, Role.VIEWER), (_EDITORS, Role.EDITOR)])
def test_the_password_decides_the_role(password, role):
    assert accounts().enter("Ada", password) == Person("ada", role)


@pytest.mark.parametrize("password", ["", "v" * 11, "v" * 13, "V" * 12, "v" * 12 + "\0"])
def test_another_password_lets_nobody_in(password):
    with pytest.raises(AccessDenied, match="not the password"):
        accounts().enter("ada", password)


def test_nobody_enters_without_a_name():
    with pytest.raises(AccessDenied, match="Give your name"):
        accounts().enter(" \u200b ", _EDITORS)


def test_one_person_has_one_name():
    assert {person_name(name) for name in ("Ada  L", " ada l", "ADA\tL", "\uff21da l")} == {"ada l"}


@pytest.mark.parametrize(
    ("viewers", "editors"), [("", ""), (_VIEWERS, ""), ("short", _EDITORS), (_EDITORS,) * 2]
)
def test_without_two_good_passwords_nothing_starts(viewers, editors):
    with pytest.raises(InvalidSettings, match="DASHBOARD_VIEWER_PASSWORD"):
        accounts(viewers, editors).check()


def test_a_session_key_is_long_or_made_at_random():
    accounts().check()
    with pytest.raises(InvalidSettings, match="DASHBOARD_SESSION_KEY"):
        accounts(key="k" * 31).check()
    first, second = (Accounts(viewer_password=_VIEWERS, editor_password=_EDITORS) for _ in "ab")
    first.check()
    session = first.session(Person("ada", Role.EDITOR))
    assert first.person_in(session) == Person("ada", Role.EDITOR)
    assert second.person_in(session) is None  # as after a restart


def test_an_empty_session_key_is_none(monkeypatch):
    monkeypatch.setenv("DASHBOARD_SESSION_KEY", "")
    Accounts(viewer_password=_VIEWERS, editor_password=_EDITORS).check()


def test_a_session_is_read_back_until_it_is_over(clock):
    person = Person("zoë . x", Role.EDITOR)
    session = accounts().session(person)
    clock(_NOW + SESSION_SECONDS)
    assert accounts().person_in(session) == person
    clock(_NOW + SESSION_SECONDS + 1)
    assert accounts().person_in(session) is None


def test_a_session_is_a_value_that_a_cookie_can_have():
    session = accounts().session(Person('zoë; Path=/ "x", \\ y', Role.VIEWER))
    assert session.isascii()
    assert all(c.isalnum() or c in "._-" for c in session)


@pytest.mark.parametrize("session", ["", ".", "a.b.c.d", "é", "WyJ4IiwiZWRpdG9yIl0.a.b"])
def test_a_made_up_session_is_nobodys(session):
    assert accounts().person_in(session) is None


def test_nobody_raises_their_own_role():
    viewers, editors = (
        accounts().session(Person("eve", role)).split(".") for role in (Role.VIEWER, Role.EDITOR)
    )
    assert viewers[0] != editors[0]
    assert accounts().person_in(".".join([editors[0], *viewers[1:]])) is None


@pytest.mark.parametrize("change", [{"viewers": "n" * 12}, {"editors": "n" * 12}])
def test_another_password_ends_every_session(change):
    for role in Role:
        session = accounts().session(Person("ada", role))
        assert accounts().person_in(session) == Person("ada", role)
        assert accounts(**change).person_in(session) is None


def test_a_session_of_one_key_is_refused_under_another():
    session = accounts().session(Person("ada", Role.EDITOR))
    assert accounts(key="n" * 32).person_in(session) is None


def test_a_viewers_cookie_confirms_no_guess_of_the_editors_password():
    """Whoever knows both passwords and not the random key cannot reproduce the signature."""
    cookie = accounts().session(Person("eve", Role.VIEWER))
    for guess in (_EDITORS, "a wrong guess"):
        for key in ("", _VIEWERS, _EDITORS, "\0".join([_VIEWERS, _EDITORS]), "a" * 32):
            assert accounts(editors=guess, key=key or "-").person_in(cookie) is None
    payload = URLSafeSerializer("-").load_payload(cookie.rsplit(".", 2)[0].encode())
    assert payload == ["eve", "viewer"]  # nothing in it depends on a password


def test_a_provider_proves_the_name_and_the_settings_give_the_role():
    provider = accounts(oidc=True, oidc_viewers="*@lab.org", oidc_editors="ada@lab.org, bob@x.org")
    provider.check()
    assert provider.person_of("Ada@Lab.org", verified=True) == Person("ada@lab.org", Role.EDITOR)
    assert provider.person_of("cyd@lab.org", verified=True).role is Role.VIEWER
    for email, verified in [("ada@lab.org", False), ("eve@lab.org.evil", True), ("", True)]:
        with pytest.raises(AccessDenied, match="DASHBOARD_OIDC_VIEWERS"):
            provider.person_of(email, verified=verified)


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


def test_a_viewer_is_no_editor():
    require_editor(Person("ada", Role.EDITOR), "roll back")
    with pytest.raises(AccessDenied, match="eve is a viewer and may not roll back"):
        require_editor(Person("eve", Role.VIEWER), "roll back")
