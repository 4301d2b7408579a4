"""Thresholds from what people found: raised by audits, for one version only."""

import pytest

from mnist.acceptance.sources import Basis
from mnist.signatures import SigningKey
from mnist.storage.signing import Signing
from tests.factories import InMemory, SeveralModels, png
from tests.reviewing import review


@pytest.fixture
def parts(tmp_path):
    made = InMemory(cautious_confidence=0.15, reviews_needed=1)
    made.registry = SeveralModels(tmp_path)
    return made


def audits(parts, count, *, wrong=0, batch="scans", version="1", confidence=0.5, who="ada"):
    """Let somebody audit images; the first ones contradict the model."""
    for number in range(count):
        key = f"{batch}/{who}{number}.png"
        digit = number % 10
        answer = (digit + 1) % 10 if number < wrong else digit
        parts.reviews.append(
            review(
                f"{batch}{who}{number}", who, str(answer), key=key, read_as=digit,
                model_version=version, confidence=confidence, audit=True,
            )
        )  # fmt: skip


def test_without_any_label_nothing_is_written_and_the_cautious_threshold_holds(parts):
    renewal = parts.accepting.renew("run")
    assert (renewal.entry, renewal.is_new, parts.acceptance.entries()) == (None, False, [])
    judged = parts.acceptance.judged(parts.registry.champion(), "scans/")
    assert (judged.accept_confidence, judged.acceptance_entry) == (0.15, 0)
    assert "Nobody has audited" in judged.acceptance_evidence


def test_audits_become_an_entry_that_says_what_the_promise_rests_on(parts):
    audits(parts, 120)
    renewal = parts.accepting.renew("flow run 1")
    assert renewal.is_new
    assert [each.source for each in renewal.entry.thresholds] == ["", "scans/"]
    assert "0 of 120 audited wrong, at most 2.47%" in renewal.entry.reasons[0]
    judged = parts.acceptance.judged(parts.registry.champion(), "scans/")
    assert (judged.acceptance_entry, judged.accept_confidence) == (1, 0.15)


def test_a_broken_promise_raises_the_threshold_by_itself_and_is_told_once(parts):
    audits(parts, 120, wrong=10, confidence=0.6)
    renewal = parts.accepting.renew("run 1")
    assert renewal.broken
    assert renewal.entry.thresholds[1].basis is Basis.RAISED
    judged = parts.acceptance.judged(parts.registry.champion(), "scans/")
    assert judged.accept_confidence > 0.6
    again = parts.accepting.renew("run 2")
    assert (again.is_new, again.broken) == (False, ())
    assert len(parts.acceptance.entries()) == 1


def test_a_source_of_ten_images_does_not_decide_alone(parts):
    audits(parts, 10)
    (everything,) = parts.accepting.renew("run").entry.thresholds
    assert (everything.source, everything.labels) == ("", 10)


def test_an_auditor_who_labels_everything_7_changes_nothing_and_is_named(parts):
    audits(parts, 60, wrong=60, who="eve")
    renewal = parts.accepting.renew("run")
    assert renewal.entry is None
    assert "Audits of eve do not count" in renewal.notes[0]


def test_labels_for_an_old_version_are_asked_of_the_new_one(parts):
    for number in range(10):
        content = png(number)
        parts.bucket(parts.settings.inbox_bucket).put(f"scans/{number}.png", content)
    for page in parts.inbox.versions("scans"):
        for version in page:
            digit = int(version.key[6])
            parts.reviews.append(
                review(
                    version.key, "ada", str(digit), key=version.key, etag=version.etag,
                    size=version.size, read_as=digit, model_version="0", confidence=0.99,
                    audit=True,
                )
            )  # fmt: skip
    audits(parts, 5, version="0", batch="gone")
    renewal = parts.accepting.renew("run")
    assert renewal.entry.thresholds[0].labels == 10
    assert "5 audited images do not count" in renewal.notes[0]
    parts.registry.champion_version = "2"  # it confuses 4 and 9
    (everything,) = parts.accepting.renew("run").entry.thresholds
    assert everything.labels == 10
    assert everything.is_broken


def test_another_version_starts_cautiously_again(parts):
    audits(parts, 120)
    parts.accepting.renew("run")
    parts.registry.champion_version = "2"
    assert parts.acceptance.judged(parts.registry.champion(), "scans/").acceptance_entry == 0


def test_a_damaged_entry_may_have_been_a_rise_so_the_cautious_threshold_holds(parts):
    audits(parts, 120)
    parts.accepting.renew("run")
    parts.results_bucket.put("acceptance/00000002.json", b"{")
    judged = parts.acceptance.judged(parts.registry.champion(), "scans/")
    assert judged.acceptance_entry == 0
    assert parts.accepting.renew("run").entry.sequence == 3


def test_entries_are_signed_like_the_journal(parts):
    parts.signing = Signing(parts.results_bucket, SigningKey("1" * 64))
    audits(parts, 120)
    parts.accepting.renew("run")
    assert parts.acceptance.problems() == []
    key = "acceptance/00000001.json"
    content = parts.results_bucket.fetch(key).replace(b'"threshold": 0.15', b'"threshold": 0.01')
    parts.results_bucket.put(key, content)
    assert "signature does not fit" in parts.acceptance.problems()[0]
