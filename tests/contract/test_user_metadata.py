"""What the owner of an object wrote beside it comes with its row, whatever it is."""

import http.client
import io
import json
import zipfile
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from mnist.digits import Outcome
from mnist.storage.clients import control_client
from tests.factories import png


def put(settings, key: str, content: bytes, metadata: dict[str, str]) -> None:
    """Put an object as clients do that send metadata as they are; boto3 refuses some."""
    request = AWSRequest(
        "PUT", f"{settings.s3_endpoint_url}/{settings.inbox_bucket}/{key}", data=content
    )
    for name, value in metadata.items():
        request.headers[f"x-amz-meta-{name}"] = value
    keys = settings.s3_access_key_id, settings.s3_secret_access_key
    credentials = Credentials(*(key.get_secret_value() for key in keys))
    S3SigV4Auth(credentials, "s3", settings.s3_region).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(settings.s3_endpoint_url).netloc)
    connection.putrequest("PUT", urlsplit(request.url).path)
    for name, value in request.headers.items():
        connection.putheader(name, value.encode())
    connection.putheader("Content-Length", str(len(content)))
    connection.endheaders(content)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


@pytest.fixture
def score(services, results):
    def score_and_read():
        receipt = services.batch_scoring.run("b", "run").receipt
        rows = results.rows("b").to_pylist()
        return receipt, {row["key"]: row["metadata"] for row in rows}

    return score_and_read


def test_it_comes_with_the_row_and_costs_no_request(settings, score, inbox_bucket):
    put(settings, "b/1.png", png(1), {"scanner": "A4", "Page-No": "007", "content-type": "mine"})
    inbox_bucket.put("b/2.png", png(2))
    _, metadata = score()
    assert json.loads(metadata["b/1.png"]) == {
        "scanner": "A4",
        "page-no": "007",
        "content-type": "mine",
    }
    assert metadata["b/2.png"] is None


@pytest.mark.parametrize(
    "sent",
    ["Jürgen Müller, 数 🙂", "=?UTF-8?B?SsO8cmdlbiBNw7xsbGVyLCDmlbAg8J+Zgg==?="],
    ids=["as it is", "as AWS stores it"],
)
def test_other_letters_are_readable_and_cost_no_image(settings, score, sent):
    put(settings, "b/1.png", png(1), {"who": sent})
    receipt, metadata = score()
    assert receipt.outcomes == {Outcome.SCORED: 1}
    assert json.loads(metadata["b/1.png"]) == {"who": "Jürgen Müller, 数 🙂"}


@pytest.mark.parametrize("value", ["=?nonsense?B?x?=", "=?UTF-8?B?not base64", "a=?b"])
def test_what_only_looks_encoded_stays(settings, score, value):
    put(settings, "b/1.png", png(1), {"note": value})
    _, metadata = score()
    assert "=?" in json.loads(metadata["b/1.png"])["note"]


def test_two_thousand_bytes_are_kept_and_a_file_is_not(settings, score):
    put(settings, "b/1.png", png(1), {"note": "x" * 2_000})
    put(settings, "b/2.png", png(2), {"note": "x" * 50_000})
    _, metadata = score()
    assert json.loads(metadata["b/1.png"]) == {"note": "x" * 2_000}
    assert "at most 8000 are recorded" in json.loads(metadata["b/2.png"])["left-out"]


def test_members_of_an_archive_have_the_archive_s(settings, score):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("1.png", png(1))
        file.writestr("2.png", b"no image")
    control_client(settings).put_object(
        Bucket=settings.inbox_bucket,
        Key="b/fax.zip",
        Body=archive.getvalue(),
        Metadata={"fax": "12"},
    )
    _, metadata = score()
    assert metadata == {"b/fax.zip!1.png": '{"fax": "12"}', "b/fax.zip!2.png": '{"fax": "12"}'}
