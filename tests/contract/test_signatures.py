"""What is signed can be changed by nobody unseen: neither a part with its receipt, nor an entry."""

import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from mnist.errors import InvalidSettings
from mnist.keys import JOURNAL, PUBLIC_KEYS, receipts_prefix
from mnist.services import Services
from mnist.storage.clients import control_client
from mnist.tables import from_parquet, to_parquet
from tests.factories import png, services_of
from tests.journals import entry_for


def signed_by(settings, registry, seed=None, **trusted) -> Services:
    """Services with a signing key of their own."""
    key = SecretStr(seed) if seed else None
    return services_of(
        settings.model_copy(update={"signing_key": key, **trusted}), registry=registry
    )


@pytest.fixture
def seed():
    return secrets.token_hex(32)


@pytest.fixture
def signing(settings, registry, seed):
    services = signed_by(settings, registry, seed)
    assert services.signing.publish()
    return services


@pytest.fixture
def reader(settings, registry):
    """Somebody who has the results bucket and no private key."""
    return signed_by(settings, registry)


def score(services, inbox_bucket, number):
    """Score one more image of the batch, and return the key of its receipt."""
    inbox_bucket.put(f"b/{number}.png", png(number))
    services.batch_scoring.run("b", f"run-{number}")
    return f"{receipts_prefix('b')}run-{number}.json"


def problems(services) -> str:
    return " ".join(services.results.verify("b")[1])


def change(bucket, key, **changes):
    """Overwrite fields of a JSON object; None takes a field away."""
    content = json.loads(bucket.fetch(key)) | changes
    kept = {name: value for name, value in content.items() if value is not None}
    bucket.put(key, json.dumps(kept).encode())


def delete(settings, key):
    control_client(settings).delete_object(Bucket=settings.results_bucket, Key=key)


def falsify(results, bucket, receipt_key):
    """Change a digit in a part, and its digest in the receipt as well."""
    receipt = results.last_receipt("b")
    part = receipt.parts[0]
    rows = from_parquet(bucket.fetch(part.key)).to_pylist()
    rows[0]["digit"] = (rows[0]["digit"] + 1) % 10
    table = from_parquet(bucket.fetch(part.key))
    bucket.put(part.key, to_parquet(table.from_pylist(rows, schema=table.schema)))
    (changed,) = (p for p, _ in results.parts("b") if p.key == part.key)
    parts = [
        p.model_dump() | ({"sha256": changed.sha256} if p.key == part.key else {})
        for p in receipt.parts
    ]
    change(bucket, receipt_key, parts=parts)


def test_without_a_key_a_part_changed_with_its_digest_verifies(
    reader, inbox_bucket, results_bucket
):
    key = score(reader, inbox_bucket, 1)
    falsify(reader.results, results_bucket, key)
    assert problems(reader) == ""
    assert reader.results.signer(reader.results.last_receipt("b")) == "not signed"


def test_with_a_key_it_does_not(signing, reader, inbox_bucket, results_bucket):
    key = score(signing, inbox_bucket, 1)
    assert problems(reader) == ""
    assert "signed by" in reader.results.signer(reader.results.last_receipt("b"))
    falsify(reader.results, results_bucket, key)
    for services in (signing, reader):
        assert f"{key} was changed: its signature does not fit" in problems(services)


def test_a_receipt_without_its_signature_is_named(signing, reader, inbox_bucket, results_bucket):
    key = score(signing, inbox_bucket, 1)
    change(results_bucket, key, signature=None)
    assert f"{key} is not signed, and has to be" in problems(reader)


def test_a_receipt_that_was_taken_out_of_the_middle_is_missed(
    settings, signing, reader, inbox_bucket
):
    first, second, third = (score(signing, inbox_bucket, number) for number in (1, 2, 3))
    delete(settings, second)
    assert f"The record before {third} was changed or removed" in problems(reader)
    assert first not in problems(reader)


def test_a_receipt_of_another_batch_does_not_pass_for_one_of_this(
    signing, reader, inbox_bucket, results_bucket
):
    key = score(signing, inbox_bucket, 1)
    results_bucket.put(key.replace("run-1", "run-2"), results_bucket.fetch(key))
    assert "run-2.json was changed: its signature does not fit" in problems(reader)


def test_somebody_elses_key_is_unknown_unless_it_is_trusted(
    settings, registry, signing, reader, inbox_bucket
):
    stranger = signed_by(settings, registry, secrets.token_hex(32))
    key = score(stranger, inbox_bucket, 1)
    assert f"{key} is signed by an unknown key" in problems(reader)
    theirs = stranger.signing.key.public_key
    trusting = signed_by(settings, registry, trusted_keys=f" {theirs.upper()}, ")
    assert problems(trusting) == ""


def test_a_key_that_was_put_beside_the_results_does_not_count_where_one_is_pinned(
    settings, registry, signing, inbox_bucket
):
    pinned = signed_by(settings, registry, trusted_keys=signing.signing.key.public_key)
    attacker = signed_by(settings, registry, secrets.token_hex(32))
    attacker.signing.publish()
    score(attacker, inbox_bucket, 1)
    assert "is signed by an unknown key" in problems(pinned)


def test_an_older_receipt_is_said_to_be_unsigned_and_a_later_one_rests_on_it(
    settings, registry, seed, inbox_bucket, results_bucket
):
    unsigned = signed_by(settings, registry)
    old = score(unsigned, inbox_bucket, 1)
    signing = signed_by(settings, registry, seed)
    signing.signing.publish()
    assert problems(signing) == ""
    assert signing.results.signer(signing.results.last_receipt("b")) == "not signed"
    score(signing, inbox_bucket, 2)
    assert problems(signing) == ""
    change(results_bucket, old, verdict_reason="another")
    assert "run-2.json was changed or removed" in problems(signing)


def test_what_an_old_key_signed_stays_valid_under_a_new_one(
    settings, registry, signing, reader, inbox_bucket
):
    score(signing, inbox_bucket, 1)
    renewed = signed_by(settings, registry, secrets.token_hex(32))
    assert renewed.signing.publish()
    assert not renewed.signing.publish()
    score(renewed, inbox_bucket, 2)
    assert problems(reader) == ""


def test_a_public_key_that_claims_a_later_beginning_does_not_count(
    signing, reader, inbox_bucket, results_bucket
):
    key = score(signing, inbox_bucket, 1)
    ((place,),) = ([v.key for v in page] for page in results_bucket.versions(PUBLIC_KEYS))
    later = datetime.now(UTC) + timedelta(days=1)
    change(results_bucket, place, since=later.isoformat())
    assert f"{key} is signed by an unknown key" in problems(reader)


def test_a_key_that_is_none_is_named_without_being_shown(settings, registry):
    with pytest.raises(InvalidSettings, match="MNIST_SIGNING_KEY has 7 characters") as caught:
        signed_by(settings, registry, "hunter2").signing  # noqa: B018
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def journal(signing):
    for version in ("1", "2", "3"):
        signing.journal.append(entry_for(version))
    return signing.journal


def test_a_signed_journal_is_read_as_ever(journal, reader):
    assert [entry.to_version for entry in reader.journal.entries()] == ["1", "2", "3"]
    assert reader.journal.problems() == []


def test_a_changed_entry_of_the_journal_is_named(journal, reader, results_bucket):
    change(results_bucket, f"{JOURNAL}00000002.json", to_version="9")
    found = " ".join(reader.journal.problems())
    assert "journal/00000002.json was changed: its signature does not fit" in found
    assert "The record before journal/00000003.json was changed or removed" in found


def test_an_entry_that_was_taken_out_of_the_journal_is_missed(settings, journal, reader):
    delete(settings, f"{JOURNAL}00000002.json")
    (found,) = reader.journal.problems()
    assert "The record before journal/00000003.json was changed or removed" in found


def test_an_entry_added_without_a_key_is_named(journal, reader):
    reader.journal.append(entry_for("4"))
    assert reader.journal.problems() == ["journal/00000004.json is not signed, and has to be."]


def test_two_runs_that_write_receipts_at_once_break_nothing(signing, reader, inbox_bucket):
    score(signing, inbox_bucket, 1)
    receipt = signing.results.last_receipt("b")
    for name in ("x", "y"):
        run = receipt.run.model_copy(update={"name": name})
        assert signing.results.write_receipt(receipt.model_copy(update={"run": run}))
    assert problems(reader) == ""
