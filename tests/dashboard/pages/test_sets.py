"""Labelled sets on the page Data: what was imported, and who may import another."""

import io
import zipfile

import pytest

from dashboard.access.actions import SetRequest, import_set
from dashboard.access.people import Person, Role
from mnist import services
from mnist.data.set_uses import Use
from mnist.errors import AccessDenied, InvalidInput
from tests.factories import png

pytestmark = pytest.mark.usefixtures("environment", "no_mnist")

EDITOR = Person("ada", Role.EDITOR)


def packed():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for digit in range(10):
            archive.writestr(f"{digit}/a.png", png(digit, 3))
    sink.seek(0)
    return sink


def request(**values):
    usual = {"name": "own", "use": Use.SPLIT, "place": "", "archive": None, "why": "our scans"}
    return SetRequest(**usual | values)


def start(person=EDITOR, **values):
    current = services.current()
    labels = current.bucket(current.settings.labels_bucket)
    return import_set(current.prefect, current.audit, labels, person, request(**values))


def test_before_the_first_import_it_says_so(data):
    assert "No labelled set has been imported." in data.by().open().words


def test_imported_sets_are_listed_with_what_was_found(data, tmp_path, labels_bucket):
    (tmp_path / "own.zip").write_bytes(packed().read())
    services.current().settings = services.current().settings.model_copy(
        update={"fallback_digits": True}
    )
    services.current().importing.run(str(tmp_path / "own.zip"), "own", Use.TRAIN, "ada")
    page = data.by(role=Role.VIEWER).open()
    (table,) = [f.value for f in page.app.dataframe if "to train" in f.value.columns]
    assert table.iloc[0][["set", "to train", "to evaluate", "who"]].tolist() == [
        "own",
        10,
        0,
        "ada",
    ]
    assert "10 images listed: 10 to train" in page.words
    assert not page.app.text_input  # the form is for editors


def test_an_uploaded_archive_is_put_and_a_run_started(servers, labels_bucket):
    archive = packed()
    assert start(archive=archive)
    (upload,) = [v for page in labels_bucket.versions("uploads/") for v in page]
    assert labels_bucket.fetch(upload.key) == archive.getvalue()
    ((deployment, parameters),) = servers.started
    assert deployment == "import-set/default"
    assert parameters == {
        "place": f"s3://{labels_bucket.name}/{upload.key}",
        "who": "ada",
        "name": "own",
        "use": "split",
    }
    (line,) = services.current().audit.last(5)
    assert (line.who, line.what, line.why) == ("ada", "import a labelled set", "our scans")
    assert line.subject == "set own, to split, from an upload"


def test_a_viewer_imports_nothing(servers, labels_bucket):
    with pytest.raises(AccessDenied, match="may not import labelled sets"):
        start(Person("eve", Role.VIEWER), archive=packed())
    assert list(labels_bucket.versions()) == []
    assert not servers.started


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "has no name"),
        ({}, "not both"),
        ({"place": "s3://inbox/x", "archive": io.BytesIO()}, "not both"),
        ({"place": "/etc"}, "'/etc' is no place in the store"),
    ],
)
def test_an_impossible_request_is_refused_before_anything_is_put(labels_bucket, values, message):
    with pytest.raises(InvalidInput, match=message):
        start(**values)
    assert list(labels_bucket.versions()) == []
    assert services.current().audit.last(5) == []


def test_the_form_starts_a_run_for_a_place_in_the_store(data, servers):
    page = data.by().open()
    page.app.text_input(key="set-place").input("s3://inbox/scans/")
    page.app.text_input(key="set-name").input("scans")
    page.app.text_input(key="set-why").input("ours")
    page.app.button(key="FormSubmitter:import-set-Import").click().run()
    assert any("A run looks at the set" in s.value for s in page.checked().app.success)
    assert servers.started[0][1]["use"] == "split"
