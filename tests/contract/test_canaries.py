"""A canary from its first batch to its end, in a real store and a real MLflow."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from mlflow import MlflowClient

from mnist.errors import InvalidInput, Unavailable
from mnist.operations.approval import Statement
from mnist.promotion.canary_checks import CanaryVerdict
from mnist.registry.rest import CHAMPION
from mnist.signatures import SigningKey
from mnist.storage.bucket import Bucket
from mnist.storage.journal import Journal, running_canary
from mnist.storage.signing import Signing
from tests.factories import Killed, killed_after, png
from tests.journals import canary_terms
from tests.registries import Registry
from tests.reviewing import review_of

SWAPS_4_AND_9 = [0, 1, 2, 3, 9, 5, 6, 7, 8, 4]
LEAST = 100
TERMS = canary_terms(share=0.5, seed="tests", least_images=LEAST, longest_hours=24)
CHOSEN, OTHERS = (
    [name for name in (f"scan-{n}" for n in range(60)) if TERMS.chooses(name) is wanted]
    for wanted in (True, False)
)
PERSON = Statement("Ada", "it looks wrong")


@pytest.fixture
def models(mlflow_uri, tmp_path, results_bucket):
    """A registered model whose version 1 is champion."""
    made = Registry(mlflow_uri, tmp_path, Journal(results_bucket))
    made.decide(made.publish())
    yield made
    made.reader.close()


@pytest.fixture
def parts(services, models, settings):
    """The services of a test over that model."""
    services.settings = settings.model_copy(
        update={"mlflow_tracking_uri": models.uri, "model_name": models.name, "reviews_needed": 1}
    )
    services.registry = models.reader
    services.aliases = models.aliases
    return services


def on_canary(models, version, terms=TERMS, seen="1"):
    return models.aliases.decide(
        action="promoted",
        version=version,
        champion_seen=seen,
        who="tests",
        verdict="better",
        reasons=["Because."],
        policy_version="1",
        images_digest="i" * 64,
        canary=terms,
    )


@pytest.fixture
def worse(models):
    """Version 2 takes 4 and 9 for each other, and is on canary."""
    return on_canary(models, models.publish(SWAPS_4_AND_9))


@pytest.fixture
def good(models):
    """Version 2 predicts as version 1 does, and is on canary."""
    return on_canary(models, models.publish())


def drop(inbox_bucket, batch, count, first=0):
    for number in range(first, first + count):
        inbox_bucket.put(f"{batch}/{number}.png", png(number % 10, number % 256))


def score(parts, inbox_bucket, batch, count=10):
    """Drop and score a folder; return the one version that its receipt names."""
    drop(inbox_bucket, batch, count)
    receipt = parts.batch_scoring.run(batch, f"run-{batch}").receipt
    (model,) = receipt.models
    return model.version


def aliased(models):
    return models.reader._rest.aliased(models.name, CHAMPION)["version"]


def test_it_scores_what_is_chosen_and_the_champion_all_the_rest(parts, models, worse, inbox_bucket):
    assert (worse.action, worse.moves, worse.from_version) == ("canary", False, "1")
    assert worse.canary == TERMS
    assert score(parts, inbox_bucket, CHOSEN[0]) == "2"
    assert score(parts, inbox_bucket, OTHERS[0]) == "1"
    assert models.reader.champion().version == "1"  # which also answers the API
    assert aliased(models) == "1"


def test_a_worse_one_is_taken_off_by_itself_and_what_it_wrote_can_be_scored_again(
    parts, models, worse, inbox_bucket
):
    score(parts, inbox_bucket, CHOSEN[0], LEAST)
    look = parts.canaries.judge("flow run 1")
    assert look.verdict is CanaryVerdict.FAILED
    assert look.batches == (CHOSEN[0],)
    entry = parts.journal.entries()[-1]
    assert (entry.action, entry.verdict, entry.who) == (
        "canary-ended", "canary-failed", "flow run 1",
    )  # fmt: skip
    assert "It is worse in changed digits" in entry.reasons[1]
    assert any("20 of 100 images have another digit" in reason for reason in entry.reasons)
    assert f"batches {CHOSEN[0]}." in entry.reasons[-1]
    assert "`rescore` with from_version=2 and to_version=1" in entry.reasons[-1]
    assert (parts.journal.champion(), aliased(models)) == ("1", "1")
    assert score(parts, inbox_bucket, CHOSEN[1]) == "1"

    plan = parts.rescoring.plan("2", "1", None)
    missing = parts.rescoring.missing(plan, CHOSEN[0])
    for chunk in parts.rescoring.chunks(plan, CHOSEN[0], missing):
        parts.rescoring.score(plan, chunk)
    assert parts.rescoring.difference(plan).changed == 20


def test_a_glaring_fault_needs_no_full_trial(parts, worse, inbox_bucket):
    """Two fifths are looked at, and 20 % of the digits have changed; 5 % are tolerated."""
    score(parts, inbox_bucket, CHOSEN[0], 2 * LEAST // 5)
    first = parts.canaries.judge("run 1")
    score(parts, inbox_bucket, CHOSEN[1], 2 * LEAST // 5)
    second = parts.canaries.judge("run 2")
    assert (first.verdict, first.images) == (CanaryVerdict.WAITING, 40)
    assert (second.verdict, second.images) == (CanaryVerdict.FAILED, 80)


def test_a_good_one_waits_for_its_images_and_becomes_champion_for_all(
    parts, models, good, inbox_bucket
):
    score(parts, inbox_bucket, OTHERS[0], LEAST)  # not its own
    score(parts, inbox_bucket, CHOSEN[0], LEAST - 1)
    look = parts.canaries.judge("run 1")
    assert look.verdict is CanaryVerdict.WAITING
    assert "99 of 100 images" in look.sentences[0]
    assert parts.journal.entries()[-1] == good

    score(parts, inbox_bucket, CHOSEN[1], 1)
    assert parts.canaries.judge("run 2").verdict is CanaryVerdict.PASSED
    entry = parts.journal.entries()[-1]
    assert (entry.action, entry.verdict, entry.from_version, entry.to_version) == (
        "promoted", "canary-passed", "1", "2",
    )  # fmt: skip
    assert aliased(models) == "2"
    assert score(parts, inbox_bucket, OTHERS[1]) == "2"
    assert parts.canaries.judge("run 3").verdict is CanaryVerdict.NONE


def test_audits_that_show_it_wrong_take_it_off(parts, models, inbox_bucket):
    on_canary(
        models,
        models.publish(SWAPS_4_AND_9),
        TERMS.model_copy(update={"changed_share": 0.9}),
    )
    score(parts, inbox_bucket, CHOSEN[0], LEAST)
    rows = parts.results.rows(CHOSEN[0]).to_pylist()
    versions = {v.key: v for page in parts.inbox.versions(CHOSEN[0]) for v in page}
    for row in rows[:40]:
        number = int(row["key"].rpartition("/")[2].removesuffix(".png"))
        parts.reviews.append(
            review_of(
                versions[row["key"]], png(number % 10, number), "ada", str(number % 10),
                read_as=row["digit"], model_version="2", confidence=row["confidence"], audit=True,
            )
        )  # fmt: skip
    look = parts.canaries.judge("run")
    assert look.verdict is CanaryVerdict.FAILED
    assert "It is worse in audits" in look.sentences[1]


def test_too_few_images_within_its_time_take_it_off_and_say_so(parts, good, inbox_bucket):
    score(parts, inbox_bucket, CHOSEN[0], 30)
    look = parts.canaries.judge("run", datetime.now(UTC) + timedelta(hours=25))
    assert look.verdict is CanaryVerdict.UNDECIDED
    assert look.entry.verdict == "canary-undecided"
    assert "Only 20 of 100 images came within 24 hours" in look.sentences[1]
    assert parts.journal.champion() == "1"


def test_images_that_are_gone_decide_nothing(parts, good, inbox_bucket):
    score(parts, inbox_bucket, CHOSEN[0], LEAST)
    for number in range(60):
        inbox_bucket.put(f"{CHOSEN[0]}/{number}.png", png(8, 77))
    look = parts.canaries.judge("run")
    assert (look.verdict, look.images) == (CanaryVerdict.WAITING, 40)


def test_a_run_killed_before_the_alias_moves_is_made_good_by_the_next(
    parts, models, good, inbox_bucket, monkeypatch
):
    score(parts, inbox_bucket, CHOSEN[0], LEAST)

    def die(*_):
        if parts.journal.champion() == "2":
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(models.aliases, "_set", die)
        with pytest.raises(Killed):
            parts.canaries.judge("run 1")
    assert (parts.journal.champion(), aliased(models)) == ("2", "1")
    assert score(parts, inbox_bucket, OTHERS[0]) == "2"  # the journal counts
    assert parts.canaries.judge("run 2").verdict is CanaryVerdict.NONE
    assert aliased(models) == "2"


def test_two_judges_at_once_write_one_entry(parts, good, inbox_bucket, monkeypatch):
    score(parts, inbox_bucket, CHOSEN[0], LEAST)
    barrier = Barrier(2)
    end = parts.aliases.end_canary

    def together(*args, **values):
        barrier.wait(30)
        return end(*args, **values)

    monkeypatch.setattr(parts.aliases, "end_canary", together)
    with ThreadPoolExecutor(2) as pool:
        looks = list(pool.map(parts.canaries.judge, ("run 1", "run 2")))
    assert sorted(look.verdict for look in looks) == ["none", "passed"]
    assert [entry.action for entry in parts.journal.entries()] == [
        "promoted", "canary", "promoted",
    ]  # fmt: skip


def test_a_batch_keeps_its_version_from_its_first_row_to_its_receipt(parts, models, inbox_bucket):
    """The canary begins while a batch is open, and passes while another one is."""
    drop(inbox_bucket, CHOSEN[0], 10)
    parts.batch_scoring.run(CHOSEN[0], "before", close=False)
    on_canary(models, models.publish())
    drop(inbox_bucket, CHOSEN[0], 10, first=10)
    receipt = parts.batch_scoring.run(CHOSEN[0], "after").receipt
    assert [(model.version, model.rows) for model in receipt.models] == [("1", 20)]

    drop(inbox_bucket, OTHERS[0], 10)
    parts.batch_scoring.run(OTHERS[0], "before", close=False)
    score(parts, inbox_bucket, CHOSEN[1], LEAST)
    assert parts.canaries.judge("run").verdict is CanaryVerdict.PASSED
    drop(inbox_bucket, OTHERS[0], 10, first=10)
    receipt = parts.batch_scoring.run(OTHERS[0], "after").receipt
    assert [(model.version, model.rows) for model in receipt.models] == [("1", 20)]
    assert score(parts, inbox_bucket, OTHERS[1]) == "2"


def test_a_batch_that_died_on_canary_goes_on_there_but_not_once_that_is_taken_off(
    parts, worse, inbox_bucket
):
    for batch in CHOSEN[:2]:
        drop(inbox_bucket, batch, 30)
        with pytest.raises(Killed):
            parts.batch_scoring.run(batch, "killed", map=killed_after(1))
    receipt = parts.batch_scoring.run(CHOSEN[0], "again").receipt
    assert [model.version for model in receipt.models] == ["2"]
    parts.interventions.roll_back("", PERSON)
    receipt = parts.batch_scoring.run(CHOSEN[1], "again").receipt
    assert [model.version for model in receipt.models] == ["1", "2"]


def test_a_rollback_by_a_person_ends_it_and_the_champion_stays(parts, models, worse, inbox_bucket):
    score(parts, inbox_bucket, CHOSEN[0])
    undone = parts.interventions.roll_back("", PERSON)
    assert (undone.entry.action, undone.taken_out, undone.batches) == (
        "canary-ended", "2", (CHOSEN[0],),
    )  # fmt: skip
    assert (undone.entry.verdict, undone.entry.who) == ("rollback", "Ada")
    assert (parts.journal.canary(), aliased(models)) == (None, "1")
    with pytest.raises(InvalidInput, match="champion already"):
        parts.interventions.roll_back("1", PERSON)


def test_a_promotion_by_a_person_ends_it_at_once(parts, models, worse):
    third = models.publish()
    entry = models.decide(third, seen="1")
    assert (entry.action, entry.to_version) == ("promoted", "3")
    assert "ends the canary of version 2" in entry.reasons[0]
    assert parts.journal.canary() is None


def test_one_is_tried_at_a_time(parts, models, worse):
    entry = on_canary(models, models.publish())
    assert (entry.action, entry.to_version) == ("refused", "3")
    assert "Version 2 is on canary since" in entry.reasons[0]
    assert parts.journal.canary() == worse
    with pytest.raises(InvalidInput, match="Version 2 is on canary"):
        parts.interventions.terms()


def test_the_first_champion_of_all_scores_everything(mlflow_uri, tmp_path):
    made = Registry(mlflow_uri, tmp_path)
    entry = on_canary(made, made.publish(), seen=None)
    assert (entry.action, entry.canary) == ("promoted", None)
    made.reader.close()


def test_without_a_share_nobody_can_ask_for_a_canary(parts):
    with pytest.raises(InvalidInput, match="MNIST_CANARY_SHARE is 0"):
        parts.interventions.terms()


def test_one_that_cannot_be_loaded_scores_nothing_and_is_taken_off(
    parts, models, worse, store, settings, inbox_bucket
):
    tags = MlflowClient(models.uri).get_model_version(models.name, "2").tags
    artifacts = Bucket.on_s3(settings, "mlflow")
    artifacts.put(f"artifacts/{tags['scoring_graph_location']}", b"changed")
    assert score(parts, inbox_bucket, CHOSEN[0]) == "1"
    score(parts, inbox_bucket, CHOSEN[1])
    look = parts.canaries.judge("run", datetime.now(UTC) + timedelta(hours=25))
    assert look.verdict is CanaryVerdict.FAILED
    assert "cannot be loaded" in look.sentences[1]


def test_both_versions_have_thresholds_of_their_own(parts, models, worse):
    assert [model.version for model in parts.accepting.in_use()] == ["1", "2"]
    MlflowClient(models.uri).delete_model_version(models.name, "2")
    assert [model.version for model in parts.accepting.in_use()] == ["1"]


def test_a_damaged_entry_after_it_may_have_ended_it(parts, worse, inbox_bucket, results_bucket):
    results_bucket.put("journal/00000003.json", b"{")
    assert score(parts, inbox_bucket, CHOSEN[0]) == "1"
    assert parts.canaries.judge("run").verdict is CanaryVerdict.NONE


def test_its_entries_are_signed_and_chained(mlflow_uri, tmp_path, results_bucket):
    signing = Signing(results_bucket, SigningKey("7" * 64))
    made = Registry(mlflow_uri, tmp_path, Journal(results_bucket, signing))
    made.decide(made.publish())
    began = on_canary(made, made.publish())
    made.aliases.end_canary(
        began, "canary-ended", who="tests", verdict="canary-failed", reasons=["Worse."]
    )
    assert made.journal.problems() == []
    assert running_canary(made.journal.entries()) is None
    made.reader.close()


def test_a_store_that_does_not_answer_ends_nothing(parts, worse, inbox_bucket, monkeypatch):
    score(parts, inbox_bucket, CHOSEN[0], LEAST)

    def away(*_):
        raise Unavailable("The store does not answer.")

    monkeypatch.setattr(parts.results, "latest_receipts", away)
    with pytest.raises(Unavailable):
        parts.canaries.judge("run")
    assert parts.journal.canary() == worse
