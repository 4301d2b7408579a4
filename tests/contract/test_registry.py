"""The registry on a real MLflow server: publish, pin, fetch, decide, and be told what is wrong."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import onnx
import pytest
from mlflow import MlflowClient
from structlog.testing import capture_logs

from mnist.errors import IntegrityError, InvalidInput, NoChampion, Remedy, Unavailable
from mnist.promotion import Policy, decide, report
from mnist.registry.publishing import onnx_options
from mnist.registry.reader import RegistryReader
from mnist.storage.bucket import Bucket
from mnist.storage.journal import Journal, lineage
from tests.factories import digit_images, settings_of, template_graph
from tests.planted import confusion, evidence, wrong
from tests.registries import Registry

SHARED = wrong(0, 30)


@pytest.fixture
def registry(mlflow_uri, store, tmp_path, monkeypatch):
    for name, value in store.environment().items():
        monkeypatch.setenv(name, value)
    made = Registry(mlflow_uri, tmp_path)
    yield made
    made.reader.close()


def test_what_was_published_can_be_pinned_and_reads_digits(registry):
    version = registry.publish()
    registry.decide(version)
    pinned = registry.reader.champion()
    assert (pinned.version, pinned.digest, pinned.accept_confidence) == (
        version.version,
        registry.digest,
        0.875,
    )
    predictor = registry.reader.predictor(pinned)
    assert predictor.predict(digit_images(range(10))).argmax(axis=1).tolist() == list(range(10))


def test_mlflow_is_told_what_experiment_run_model_and_version_are(registry):
    version = registry.publish()
    client = MlflowClient(registry.uri)
    run = client.get_run(version.run_id)
    experiment = client.get_experiment(run.info.experiment_id)
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert run.data.tags["mlflow.note.content"] == "Recipe demo, seed 0."
    record = client.get_model_version(registry.name, version.version)
    assert record.description == "Recipe demo, seed 0."
    model = client.get_registered_model(registry.name)
    assert model.description.startswith("Predicts handwritten digits")
    client.update_registered_model(registry.name, "Ours, for the forms of the bank.")
    registry.publish()
    model = client.get_registered_model(registry.name)
    assert model.description == "Ours, for the forms of the bank."


def test_the_signature_names_every_output_of_the_graph(tmp_path):
    template_graph(tmp_path / "model.onnx")
    graph = onnx.load(str(tmp_path / "model.onnx"))
    node = onnx.helper.make_node("ReduceMax", ["logits"], ["ood_score"], axes=[1], keepdims=0)
    graph.graph.node.append(node)
    output = onnx.helper.make_tensor_value_info("ood_score", onnx.TensorProto.FLOAT, ["n"])
    graph.graph.output.append(output)
    signature = onnx_options(graph)["signature"]
    assert [(t.name, t.shape, str(t.type)) for t in signature.outputs.inputs] == [
        ("probabilities", (-1, 10), "float32"),
        ("ood_score", (-1,), "float32"),
    ]
    assert [(t.name, t.shape) for t in signature.inputs.inputs] == [("images", (-1, 28, 28))]


def test_the_registry_keeps_the_very_bytes_of_the_graph(registry):
    registry.decide(registry.publish())
    registry.reader.predictor(registry.reader.champion())
    (cached,) = (registry.folder / "cache" / "graphs").iterdir()
    assert hashlib.sha256(cached.read_bytes()).hexdigest() == registry.digest


def test_a_cached_graph_needs_no_registry(registry):
    registry.decide(registry.publish())
    pinned = registry.reader.champion()
    registry.reader.predictor(pinned)
    nowhere = {"mlflow_tracking_uri": "http://127.0.0.1:1"}
    offline = RegistryReader(registry.settings.model_copy(update=nowhere), registry.journal)
    with closing(offline):
        assert offline.predictor(pinned).sha256 == registry.digest


def test_a_changed_graph_in_the_cache_is_fetched_anew(registry):
    registry.decide(registry.publish())
    pinned = registry.reader.champion()
    registry.reader.predictor(pinned)
    (cached,) = (registry.folder / "cache" / "graphs").iterdir()
    content = bytearray(cached.read_bytes())
    content[100] ^= 1
    cached.write_bytes(content)
    with closing(RegistryReader(registry.settings, registry.journal)) as reader:
        assert reader.predictor(pinned).sha256 == registry.digest
    assert hashlib.sha256(cached.read_bytes()).hexdigest() == registry.digest


def test_a_changed_graph_in_the_registry_is_refused_and_not_cached(registry):
    registry.decide(registry.publish())
    pinned = registry.reader.champion()
    wrong = pinned.__class__(pinned.name, pinned.version, "0" * 64, 0.5)
    with pytest.raises(IntegrityError, match="roll back"):
        registry.reader.predictor(wrong)
    assert not (registry.folder / "cache" / "graphs").exists()


def test_no_champion_is_said_with_what_to_do(registry):
    with pytest.raises(NoChampion, match="Nothing was promoted yet") as caught:
        registry.reader.champion()
    assert caught.value.remedy == Remedy("retrain")
    registry.aliases.nominate(registry.publish())
    with pytest.raises(NoChampion):
        registry.reader.champion()


def test_an_unknown_version_is_named(registry):
    registry.publish()
    with pytest.raises(InvalidInput, match="'99'"):
        registry.reader.version("99")


def test_a_version_without_digest_is_not_trusted(registry):
    version = registry.publish()
    httpx.request(
        "DELETE",
        f"{registry.uri}/api/2.0/mlflow/model-versions/delete-tag",
        json={"name": registry.name, "version": version.version, "key": "scoring_graph_sha256"},
    ).raise_for_status()
    with pytest.raises(IntegrityError, match="scoring_graph_sha256"):
        registry.reader.version(version.version)


def test_a_registry_that_is_down_is_named():
    with (
        closing(RegistryReader(settings_of(), Journal(Bucket.in_memory()))) as reader,
        pytest.raises(Unavailable, match="MLFLOW_TRACKING_URI"),
    ):
        reader.champion()


def test_a_refused_candidate_is_on_record_and_nothing_moves(registry):
    first, second = registry.publish_many(2)
    registry.decide(first)
    entry = registry.decide(second, promote=False, seen=first.version)
    assert (entry.action, entry.from_version, entry.to_version) == (
        "refused",
        first.version,
        second.version,
    )
    assert registry.reader.champion().version == first.version
    assert [e.action for e in registry.journal.entries()] == ["promoted", "refused"]


def test_a_candidate_judged_against_yesterdays_champion_is_not_promoted(registry):
    first, second, third = registry.publish_many(3)
    registry.decide(first)
    registry.decide(second, seen=first.version)
    late = registry.decide(third, seen=first.version)
    assert late.action == "refused"
    assert "champion changed meanwhile" in late.reasons[0]
    assert registry.reader.champion().version == second.version


def test_two_promotions_at_once_leave_one_winner_and_two_entries(registry):
    first, second, third = registry.publish_many(3)
    registry.decide(first)
    with ThreadPoolExecutor(2) as pool:
        entries = list(pool.map(lambda v: registry.decide(v, seen=first.version), [second, third]))
    assert sorted(entry.action for entry in entries) == ["promoted", "refused"]
    assert [e.sequence for e in registry.journal.entries()] == [1, 2, 3]
    (winner,) = [e.to_version for e in entries if e.action == "promoted"]
    assert registry.reader.champion().version == winner


def test_a_promotion_that_died_before_moving_the_alias_is_completed(registry):
    first, second = registry.publish_many(2)
    registry.decide(first)
    registry.journal.append(
        lambda number, entries: entries[0].model_copy(
            update={"sequence": number, "to_version": second.version}
        )
    )
    assert alias(registry) == first.version
    assert registry.reader.champion().version == second.version
    registry.aliases.reconcile()
    assert alias(registry) == second.version


def test_a_damaged_last_entry_moves_no_alias_and_nobody_scores_by_a_guess(registry):
    first, second = registry.publish_many(2)
    registry.decide(first)
    registry.decide(second, seen=first.version)
    registry.bucket.put("journal/00000002.json", b"half an ent")
    assert registry.aliases.reconcile() == first.version
    assert alias(registry) == second.version
    with pytest.raises(IntegrityError, match=r"journal/00000002\.json cannot be parsed") as caught:
        registry.reader.champion()
    assert caught.value.remedy.operation == "promote"
    registry.decide(second, seen=first.version)  # a person says which
    assert registry.reader.champion().version == second.version


def test_a_damaged_entry_beside_an_alias_that_agrees_stops_nothing(registry):
    first = registry.publish()
    registry.decide(first)
    registry.bucket.put("journal/00000002.json", b"half an ent")
    assert registry.reader.champion().version == first.version


def test_an_alias_moved_by_hand_changes_nothing_and_is_said_once(registry):
    first, second = registry.publish_many(2)
    long_ago(registry, first)
    move_alias(registry, second.version)
    with capture_logs() as logs:
        pinned = [registry.reader.champion().version for _ in range(3)]
    assert pinned == [first.version] * 3
    (line,) = [log for log in logs if log["event"] == "champion.alias-differs"]
    assert f"The alias names version {second.version}" in line["problem"]
    assert f"`promote` version {second.version} to make it champion" in line["problem"]


def test_an_alias_that_was_deleted_changes_nothing(registry):
    first = registry.publish()
    long_ago(registry, first)
    MlflowClient(registry.uri).delete_registered_model_alias(registry.name, "champion")
    assert registry.reader.champion().version == first.version


def test_an_alias_without_a_journal_promotes_nothing_and_says_how_to(registry):
    version = registry.publish()
    move_alias(registry, version.version)
    with pytest.raises(NoChampion, match="names version 1 as champion, but the journal") as caught:
        registry.reader.champion()
    assert caught.value.remedy.operation == "promote"
    assert caught.value.remedy.parameters["version"] == version.version


def test_a_champion_that_was_deleted_is_said_with_the_way_back(registry):
    first = registry.publish()
    registry.decide(first)
    MlflowClient(registry.uri).delete_model_version(registry.name, first.version)
    with pytest.raises(IntegrityError, match=r"it was deleted\. Images wait") as caught:
        registry.reader.champion()
    assert caught.value.remedy.operation == "rollback"


def test_the_moment_between_entry_and_alias_is_no_finding(registry):
    first, second = registry.publish_many(2)
    registry.decide(first)
    registry.journal.append(
        lambda number, entries: entries[0].model_copy(
            update={"sequence": number, "to_version": second.version}
        )
    )
    with capture_logs() as logs:
        assert registry.reader.champion().version == second.version
    assert logs == []


def alias(registry):
    client = MlflowClient(registry.uri)
    return client.get_model_version_by_alias(registry.name, "champion").version


def move_alias(registry, version):
    MlflowClient(registry.uri).set_registered_model_alias(registry.name, "champion", version)


def long_ago(registry, version):
    """Promote a version, so long ago that no promotion is under way any more."""
    entry = registry.decide(version).model_copy(update={"at": datetime(2026, 1, 1, tzinfo=UTC)})
    registry.bucket.put("journal/00000001.json", entry.model_dump_json().encode())


@pytest.mark.slow
def test_five_planted_candidates_as_runs_one_champion_after_another(registry):
    """What the gates say of each, what the journal keeps, and who is champion afterwards."""
    weak = SHARED | wrong(5, 40)
    candidates = {
        "worse by a hair": evidence(
            {k: v for k, v in weak.items() if k not in list(weak)[-14:]} | wrong(7, 20)
        ),
        "better, but reads 4 as 9": evidence(SHARED | confusion(4, 9, 12)),
        "good, but badly calibrated": evidence(SHARED, confidence=0.96),
        "the same": evidence(weak),
        "clearly better": evidence(SHARED),
    }
    first, *versions = registry.publish_many(1 + len(candidates))
    registry.decide(first)
    champion = replace(evidence(weak), model_version=first.version)
    outcomes = {}
    for (name, candidate), version in zip(candidates.items(), versions, strict=True):
        decision = decide(replace(candidate, model_version=version.version), champion, Policy())
        registry.publisher.add_decision(
            version, report(decision), decision.as_dict(), name=f"decision-{version.version}"
        )
        entry = registry.aliases.decide(
            action="promoted" if decision.promote else "refused",
            version=version,
            champion_seen=champion.model_version,
            who="tests",
            verdict=str(decision.verdict),
            reasons=list(decision.reasons),
            policy_version=decision.policy_version,
            images_digest=candidate.images_digest,
        )
        if entry.moves:
            champion = replace(candidate, model_version=version.version)
        assert registry.reader.champion().version == champion.model_version
        outcomes[name] = (entry.action, entry.verdict)

    assert outcomes == {
        "worse by a hair": ("refused", "inconclusive"),
        "better, but reads 4 as 9": ("refused", "worse"),
        "good, but badly calibrated": ("refused", "better"),
        "the same": ("promoted", "not_worse"),
        "clearly better": ("promoted", "better"),
    }
    assert lineage(registry.journal.entries()) == [
        first.version,
        versions[3].version,
        versions[4].version,
    ]
    files = MlflowClient(registry.uri).list_artifacts(first.run_id)
    assert {f"decision-{v.version}.md" for v in versions} <= {file.path for file in files}
    tags = registry.reader._rest.version(registry.name, versions[1].version)["tags"]
    assert {"key": "promoted", "value": "false"} in tags


def test_two_rollbacks_at_once_go_one_step(registry):
    first, second, third = registry.publish_many(3)
    registry.decide(first)
    registry.decide(second, seen=first.version)
    registry.decide(third, seen=second.version)

    def back(_):
        return registry.aliases.decide(
            action="rolled-back",
            version=second,
            champion_seen=third.version,
            who="Ada",
            verdict="rollback",
            reasons=["Rolled back by Ada: pressed twice"],
            policy_version="1",
            images_digest="",
        )

    with ThreadPoolExecutor(2) as pool:
        entries = list(pool.map(back, range(2)))
    assert sorted(entry.action for entry in entries) == ["refused", "rolled-back"]
    assert lineage(registry.journal.entries()) == [first.version, second.version]
    assert registry.reader.champion().version == second.version
    tags = registry.reader._rest.version(registry.name, third.version)["tags"]
    assert {"key": "rolled_back", "value": "Rolled back by Ada: pressed twice"} in tags
