"""Both clients of the store send the same, whatever the environment says of it.

A server on loopback writes down what arrives; AWS itself is asked through a proxy that takes its
place, with an authority that is made up.
"""

import textwrap
from contextlib import suppress

import pytest

from mnist.errors import InvalidSettings, MnistError, Unavailable
from mnist.settings import Settings, load_settings
from mnist.storage import clients
from mnist.storage.bucket import Bucket
from mnist.storage.clients import StoreClients
from tests.recording import make_authority, recording, role

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
TOKEN = {"AWS_SESSION_TOKEN": "token"}
PROFILE = {"AWS_PROFILE": "work"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "{url}/container"}
MACHINE = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "{url}/"}
WEB_IDENTITY = {
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/scorer",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "{folder}/identity",
    "AWS_ENDPOINT_URL_STS": "{url}/sts",
}
HERE = {"AWS_ENDPOINT_URL": "{url}"}
AWAY = "http://127.0.0.1:1"

PATH = "/bucket/a/key"

TABLE = {
    # name: (variables, path, access key, region, session token)
    "keys": (KEYS | HERE, PATH, "key", "us-east-1", None),
    "region": (KEYS | HERE | {"AWS_REGION": "eu-1"}, PATH, "key", "eu-1", None),
    "default region": (KEYS | HERE | {"AWS_DEFAULT_REGION": "eu-2"}, PATH, "key", "eu-2", None),
    "both regions": (
        KEYS | HERE | {"AWS_REGION": "eu-1", "AWS_DEFAULT_REGION": "eu-2"},
        PATH,
        "key",
        "eu-1",
        None,
    ),
    "session token": (KEYS | TOKEN | HERE, PATH, "key", "us-east-1", "token"),
    "address of S3 alone": (
        KEYS | {"AWS_ENDPOINT_URL_S3": "{url}"},
        PATH,
        "key",
        "us-east-1",
        None,
    ),
    "both addresses": (
        KEYS | {"AWS_ENDPOINT_URL_S3": "{url}", "AWS_ENDPOINT_URL": AWAY},
        PATH,
        "key",
        "us-east-1",
        None,
    ),
    "address with a path": (
        KEYS | {"AWS_ENDPOINT_URL": "{url}/s3/"},
        f"/s3{PATH}",
        "key",
        "us-east-1",
        None,
    ),
    "path style": (
        KEYS | HERE | {"MNIST_S3_ADDRESSING": "path"},
        PATH,
        "key",
        "us-east-1",
        None,
    ),
    "profile": (PROFILE | HERE, PATH, "of-work", "eu-3", "token-of-work"),
    "profile with an address": ({"AWS_PROFILE": "here"}, PATH, "of-here", "us-east-1", None),
    "the default profile": (HERE, PATH, "of-default", "us-east-1", None),
    "keys beside a profile": (KEYS | PROFILE | HERE, PATH, "key", "eu-3", None),
    "role of a container": (
        CONTAINER | HERE,
        PATH,
        "of-container",
        "us-east-1",
        "token-of-of-container",
    ),
    "role of a machine": (MACHINE | HERE, PATH, "of-machine", "us-east-1", "token-of-of-machine"),
    "web identity": (WEB_IDENTITY | HERE, PATH, "of-identity", "us-east-1", "token-of-identity"),
    "what obstore alone would read": (
        KEYS
        | HERE
        | {
            "AWS_SKIP_SIGNATURE": "true",
            "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
            "AWS_S3_EXPRESS": "true",
            "AWS_CONDITIONAL_PUT": "disabled",
            "AWS_ENDPOINT": AWAY,
        },
        PATH,
        "key",
        "us-east-1",
        None,
    ),
    "empty variables": (
        KEYS | HERE | {"AWS_SESSION_TOKEN": "", "AWS_REGION": "", "AWS_ENDPOINT_URL_S3": ""},
        PATH,
        "key",
        "us-east-1",
        None,
    ),
}
"""What the environment says, and what must arrive from either client."""

AT_AWS = {
    "as AWS wants it": ({}, "bucket.s3.eu-central-1.amazonaws.com", "/a/key"),
    "path style": ({"MNIST_S3_ADDRESSING": "path"}, "s3.eu-central-1.amazonaws.com", PATH),
    "an empty address": (
        {"AWS_ENDPOINT_URL": ""},
        "bucket.s3.eu-central-1.amazonaws.com",
        "/a/key",
    ),
}

ASSUMED = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>of-identity</AccessKeyId>
<SecretAccessKey>secret</SecretAccessKey><SessionToken>token-of-identity</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


def ask_boto3(settings, bucket="bucket"):
    StoreClients(settings).control.head_object(Bucket=bucket, Key="a/key")


def ask_obstore(settings, bucket="bucket"):
    StoreClients(settings).data(bucket, retries=0).get("a/key")


def write_obstore(settings, bucket="bucket"):
    StoreClients(settings).data(bucket, retries=0).put("a/key", b"content")


@pytest.fixture(params=[ask_boto3, ask_obstore, write_obstore], ids=lambda ask: ask.__name__)
def ask(request):
    """Either client asking for `a/key`; all that is asked for is missing."""

    def quietly(settings, bucket="bucket"):
        with suppress(Exception):
            request.param(settings, bucket)

    return quietly


@pytest.fixture
def server():
    with recording() as recorder:
        recorder.answers = {
            "/container": role("of-container"),
            "/latest/api/token": "for-metadata",
            "/latest/meta-data/iam/security-credentials/": "scorer",
            "/latest/meta-data/iam/security-credentials/scorer": role("of-machine"),
            "/sts": ASSUMED,
            "/sts/": ASSUMED,
        }
        yield recorder


@pytest.fixture
def say(monkeypatch, tmp_path, server):
    """Set variables, with a home of one's own, and read the settings."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", AWAY)
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", AWAY)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "identity").write_text("an identity")

    def set_variables(variables) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(url=server.url, folder=tmp_path))
        return load_settings()

    return set_variables


def write_profiles(folder, url, *names):
    sections = {
        "default": "aws_access_key_id = of-default\naws_secret_access_key = secret\n",
        "work": "aws_access_key_id = of-work\naws_secret_access_key = secret\n"
        "aws_session_token = token-of-work\n",
        "here": "aws_access_key_id = of-here\naws_secret_access_key = secret\n",
    }
    (folder / "credentials").write_text("".join(f"[{n}]\n{sections[n]}" for n in names))
    (folder / "config").write_text(
        textwrap.dedent(f"""\
            [profile work]
            region = eu-3
            [profile here]
            endpoint_url = {url}
            """)
    )


@pytest.mark.parametrize("row", TABLE)
def test_either_client_sends_what_the_environment_says(say, server, tmp_path, ask, row):
    variables, path, access_key, region, token = TABLE[row]
    chain = access_key.startswith("of-") and "AWS_PROFILE" not in variables
    of_default = ["default"] if access_key == "of-default" or not chain else []
    write_profiles(tmp_path, server.url, *of_default, "work", "here")
    ask(say(variables))
    assert server.last.path.partition("?")[0] == path
    assert server.last.signed_by == (access_key, region)
    assert server.last.headers.get("x-amz-security-token") == token


def test_the_bucket_may_be_part_of_the_host(say, server, ask):
    port = server.url.rpartition(":")[2]
    named = {"AWS_ENDPOINT_URL": f"http://localhost:{port}", "MNIST_S3_ADDRESSING": "virtual"}
    settings = say(KEYS | named)
    url, is_virtual_host = StoreClients(settings)._address("bucket")
    assert (url, is_virtual_host) == (f"http://bucket.localhost:{port}", True)
    ask(settings)  # names below localhost are this machine wherever systemd or glibc resolve them
    assert not server.sent or server.last.path == "/a/key"


@pytest.mark.parametrize("row", AT_AWS)
def test_without_an_address_aws_itself_is_asked(say, monkeypatch, tmp_path, ask, row):
    variables, host, path = AT_AWS[row]
    authority = make_authority(tmp_path)
    settings = say(
        KEYS
        | TOKEN
        | variables
        | {"AWS_REGION": "eu-central-1", "SSL_CERT_FILE": str(authority.file)}
    )
    with recording(authority.certificate, is_proxy=True) as aws:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, aws.url)
        ask(settings)
    assert aws.last.headers["host"] == host
    assert aws.last.path == path
    assert aws.last.signed_by == ("key", "eu-central-1")
    assert aws.last.headers["x-amz-security-token"] == "token"


def test_a_bucket_whose_name_has_dots_is_no_host(say):
    clients = StoreClients(say(KEYS | {"AWS_REGION": "eu-central-1"}))
    assert clients._address("a.b") == ("https://s3.eu-central-1.amazonaws.com", False)


def test_temporary_keys_are_fetched_anew_before_they_end(say, server, monkeypatch):
    monkeypatch.setattr(clients, "_CREDENTIALS_LIFETIME", clients.timedelta(0))
    server.answers["/container"] = role("first", seconds=60)
    bucket = Bucket.on_s3(say(CONTAINER | HERE), "bucket")
    for key in ("second", "third"):
        server.answers["/container"] = role(key, seconds=60)
        bucket.exists("a/key")
        assert server.last.signed_by[0] == key


def test_a_role_that_cannot_be_asked_is_unavailable(say, server, monkeypatch):
    monkeypatch.setattr(clients, "_CREDENTIALS_LIFETIME", clients.timedelta(0))
    with pytest.raises(Unavailable, match="role"):
        Bucket.on_s3(say(HERE | {"AWS_CONTAINER_CREDENTIALS_FULL_URI": AWAY}), "bucket")
    server.answers["/container"] = role("first", seconds=60)
    bucket = Bucket.on_s3(say(CONTAINER | HERE), "bucket")
    server.answers["/container"] = "no JSON"
    server.answers[PATH] = "content"
    with pytest.raises(Unavailable, match="role"):
        [bucket.fetch("a/key") for _ in range(2)]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (HERE, "AWS_ACCESS_KEY_ID.*AWS_PROFILE.*role"),
        (HERE | {"AWS_PROFILE": "never-written"}, "never-written"),
        (KEYS | {"AWS_ENDPOINT_URL": "store.example.com:9000"}, "AWS_ENDPOINT_URL"),
        (KEYS | {"MNIST_S3_ADDRESSING": "hosts"}, "MNIST_S3_ADDRESSING.*hosts"),
        ({"AWS_ACCESS_KEY_ID": "key"}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SECRET_ACCESS_KEY": "hidden"}, "AWS_ACCESS_KEY_ID"),
        (TOKEN, "AWS_SESSION_TOKEN"),
        (KEYS | {"SSL_CERT_FILE": "/never/written.pem"}, "SSL_CERT_FILE.*/never/written.pem"),
    ],
    ids=str,
)
def test_what_cannot_be_is_said(say, variables, words):
    with pytest.raises(InvalidSettings, match=words) as caught:
        Bucket.on_s3(say(variables), "bucket")
    assert "hidden" not in str(caught.value)


def test_a_name_that_no_bucket_can_have_is_said(say):
    with pytest.raises(MnistError, match="No Bucket"):
        Bucket.on_s3(say(KEYS | HERE), "No Bucket!")
