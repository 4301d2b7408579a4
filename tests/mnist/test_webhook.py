"""Webhooks as their specification has them, sent to a real HTTP server."""

import base64
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from standardwebhooks import Webhook as Standard

from infra.ports import free_ports
from mnist.errors import InvalidSettings
from mnist.webhook import Webhook, _seconds
from tests.receiver import SECRET, receiver

OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def there():
    with receiver() as running:
        yield running


def test_the_library_signs_as_the_specification_s_example():
    signed = Standard(SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1_614_265_330, UTC),
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", [SECRET, f"{OTHER} {SECRET}", f"{SECRET} {OTHER}"])
def test_a_receiver_can_verify_what_it_gets(there, secret):
    answer = Webhook(there.url, SecretStr(secret)).send("msg_1", '{"type": "ü"}')
    assert answer.is_accepted
    ((headers, body),) = there.received
    assert Standard(SECRET).verify(body, headers) == {"type": "ü"}
    assert headers["webhook-id"] == "msg_1"
    assert headers["content-type"] == "application/json"
    with pytest.raises(Exception, match="No matching signature"):
        Standard(SECRET).verify(body + b" ", headers)


def test_a_redirect_is_a_refusal_and_is_not_followed(there):
    there.answers = [(307, {"Location": there.url})]
    answer = Webhook(there.url, SecretStr(SECRET)).send("msg_1", "{}")
    assert (answer.status, answer.is_accepted, answer.is_away) == (307, False, False)
    assert len(there.received) == 1


@pytest.mark.parametrize(
    ("status", "is_away", "is_gone"),
    [(503, True, False), (429, True, False), (500, False, False), (410, False, True)],
)
def test_what_an_answer_means(there, status, is_away, is_gone):
    there.answers = [(status, {"Retry-After": "7"})]
    answer = Webhook(there.url, SecretStr(SECRET)).send("msg_1", "{}")
    assert (answer.is_away, answer.is_gone, answer.wait_seconds) == (is_away, is_gone, 7.0)


def test_nobody_there_is_an_answer_too():
    (port,) = free_ports(1)
    answer = Webhook(f"http://127.0.0.1:{port}/", SecretStr(SECRET)).send("msg_1", "{}")
    assert answer.is_away
    assert answer.what == "no answer (ConnectError)"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("", 0), ("soon", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("-5", 0)],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert _seconds(text) == seconds


def test_retry_after_may_be_a_date_to_come():
    assert _seconds("Fri, 01 Jan 2100 00:00:00 GMT") > 1e9


@pytest.mark.parametrize(
    "secret", [None, "", "hush-hush", "whsec_", "whsec_AAAA", "whsec_ü", OTHER[6:]]
)
def test_what_is_no_secret_is_refused_without_being_shown(secret):
    with pytest.raises(InvalidSettings) as error:
        Webhook("http://127.0.0.1:1/", SecretStr(secret) if secret is not None else None)
    assert "MNIST_WEBHOOK_SECRET" in str(error.value)
    assert not secret or secret == "whsec_" or secret not in str(error.value)
