"""The page of decisions: gates, changed images, labels, links, and what an editor may start."""

import json

import pytest

from dashboard.access import model_actions
from dashboard.access.people import Person, Role
from mnist.errors import Unavailable
from mnist.orchestrator import PrefectApi
from mnist.promotion import Policy, Replay, decide
from mnist.storage.audit import AuditLog
from mnist.storage.journal import Journal
from tests.dashboard.pages.test_overview import changes, record, two_champions
from tests.journals import canary_terms
from tests.planted import evidence, wrong

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def journal(results_bucket):
    return Journal(results_bucket)


def refused(key="scans/0007-7.png"):
    """Judge a version that is not worse on the test images and changes one image of production."""
    replay = Replay(
        images=400,
        flips={(7, 1): 40},
        examples={(7, 1): [key, "gone/1.png"]},
        accepted_before=0.9,
        accepted_after=0.91,
    )
    policy = Policy(flip_rate_cap=0.01)
    champion = evidence(wrong(0, 40), "3", source="mnist")
    decision = decide(evidence(wrong(0, 40), "4", replay=replay, source="mnist"), champion, policy)
    values = decision.as_dict()
    values["evidence"]["reviewed"] = {
        "sentence": "2 used, 10 times per epoch (labels of ada 2); 1 left out: not agreed on yet.",
        "left_out": {"not agreed on yet": 1},
        "doubtful": [],
        "changes": {
            "images": 2,
            "right_before": 1,
            "right_after": 2,
            "fixed": [{"key": key, "label": 7, "before": 1, "after": 7}],
            "broken": [],
        },
    }
    return values


@pytest.fixture
def refusal(servers, journal, scorer):
    """Version 4 was refused against version 3, and its run kept why."""
    values = refused()
    servers.promote()
    servers.register("4", {"decision.json": json.dumps(values).encode()}, recipe="demo")
    record(journal, 2, "4", "refused", from_version="3", verdict=values["verdict"])
    scorer.drop("scans", 10)
    scorer.score("scans")
    return servers


def gates_of(page):
    (table,) = [table.value for table in page.app.dataframe if "gate" in table.value]
    return table


def test_a_decision_shows_its_gates_failed_ones_first(decisions, refusal):
    page = decisions.open(decision="2")
    assert page.words.startswith("Decisions · 2, version 4")
    gates = gates_of(page)
    failed = gates[gates["outcome"] == "failed"]
    assert set(gates["outcome"][: len(failed)]) == {"failed"}
    assert page.numbers["Gates failed"] == str(len(failed))
    assert "40 of 400 images without a label change" in " ".join(failed["sentence"])
    assert "candidate alone is right for **0** and the champion alone for **0**" in page.words


def test_a_refusal_of_what_is_not_worse_reads_as_no_contradiction(decisions, refusal):
    words = decisions.open(decision="2").words
    assert "Version `4` was refused** against version `3`, although not worse in accuracy" in words


def test_changed_production_images_are_pictures(decisions, refusal):
    page = decisions.open(decision="2")
    assert "for **40** without a label the candidate predicts another digit" in page.words
    changed, gone = page.tiles
    assert (changed["digit"], changed["confidence"]) == ("1", "was 7")
    assert changed["png"] is not None
    assert "batch=scans&key=scans%2F0007-7.png" in changed["opens"]
    assert (gone["png"], gone["note"], gone["opens"]) == (None, "no longer recorded", "")


def test_labels_used_and_left_out_are_told(decisions, refusal):
    page = decisions.open(decision="2")
    assert "Reviewed images: 2 used" in page.words
    assert "predicts 2 as labelled, the champion 1" in page.words
    (left_out,) = [table.value for table in page.app.dataframe if "reason" in table.value]
    assert left_out.values.tolist() == [["not agreed on yet", 1]]


def test_links_lead_to_the_version_the_run_and_the_flow_run(decisions, refusal):
    refusal.flow_runs = [
        {"id": "r-7", "name": "retrain-demo-seed-0", "state_name": "Completed"},
        {"id": "r-8", "name": "another", "state_name": "Completed"},
    ]
    page = decisions.open(decision="2")
    links = {link.proto.label: link.proto.url for link in page.app.get("link_button")}
    assert links["Version 4 in MLflow ↗"].endswith("/#/models/digits/versions/4")
    assert links["Its run in MLflow ↗"].endswith("/runs/run-of-version-4")
    assert links["The flow run in Prefect ↗"].endswith("/runs/flow-run/r-7")


def test_an_address_may_name_the_version(decisions, refusal):
    page = decisions.open(version="3")
    assert page.words.startswith("Decisions · 1, version 3")
    assert "No gate was asked for this decision" in page.words
    assert "There is no decision `9`" in decisions.open(decision="9").words


def test_before_the_first_decision_it_says_so(decisions):
    assert "No candidate has been judged yet" in decisions.open().words


def press(page, label):
    (button,) = [button for button in page.app.button if button.label == label]
    button.click().run()
    return page.checked()


def test_an_editor_starts_a_training_with_a_reason(decisions, servers, results_bucket):
    servers.promote()
    page = decisions.by("ada").open()
    page.app.text_input(key="retrain-why").set_value("New  forms.")
    page = press(page, "Retrain")
    assert servers.started == [("retrain/default", {"recipe": "demo", "seed": None})]
    expected = ("ada", "retrain", "recipe demo, a new seed", "New forms.")
    assert changes(results_bucket) == [expected]
    assert "The training is under way; its decision appears here." in page.words


def test_an_editor_promotes_a_version(decisions, refusal, journal, results_bucket):
    page = decisions.by("ada").open()
    page.app.text_input(key="promote-why").set_value("Looked at all 40.")
    page = press(page, "Promote")
    assert "tick the box" in page.words
    assert refusal.started == []
    page.app.text_input(key="promote-why").set_value("Looked at all 40.")
    page.app.checkbox(key="promote-sure").check()
    page = press(page, "Promote")
    parameters = {"version": "4", "who": "ada", "why": "Looked at all 40."}
    assert refusal.started == [("promote/default", parameters)]
    assert changes(results_bucket) == [("ada", "promote", "version 4", "Looked at all 40.")]
    record(journal, 3, "4", verdict="override", from_version="3", who="ada")
    page.app.run()  # as the page does by itself every two seconds
    assert "The promotion is over." in page.checked().app.success[0].value


def test_an_editor_rescores_what_an_earlier_champion_scored(decisions, servers, journal):
    servers.promote()
    two_champions(journal)
    page = decisions.by("ada").open()
    page.app.text_input(key="rescore-why").set_value("It confused 4 and 9.")
    press(page, "Rescore")
    assert servers.started == [("rescore/default", {"from_version": "2"})]


def test_without_a_reason_nothing_is_started(decisions, servers, results_bucket):
    servers.promote()
    page = press(decisions.by("ada").open(), "Retrain")
    assert "A training needs a reason" in page.words
    assert (servers.started, changes(results_bucket)) == ([], [])


def test_a_viewer_is_offered_nothing_and_can_start_nothing(decisions, servers, results_bucket):
    servers.promote()
    page = decisions.by("eve").open()
    page.app.text_input(key="retrain-why").set_value("I want to.")
    decisions.by("eve", Role.VIEWER)  # the role was taken away while the page was open
    page = press(page, "Retrain")
    assert (servers.started, changes(results_bucket)) == ([], [])
    assert not page.app.button


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        (model_actions.promote, ("4", "Because.")),
        (model_actions.retrain, ("demo", 0, "Because.")),
        (model_actions.rescore, ("2", "Because.")),
    ],
)
def test_without_an_audit_line_nothing_is_started(
    servers, results_bucket, monkeypatch, act, arguments
):
    def down(*_):
        raise Unavailable("The store is away.")

    monkeypatch.setattr(AuditLog, "record", down)
    person = Person("ada", Role.EDITOR)
    with pytest.raises(Unavailable):
        act(PrefectApi(f"{servers.url}/api"), AuditLog(results_bucket), person, *arguments)
    assert servers.started == []


def test_a_trial_says_how_far_it_is_what_it_has_scored_and_where_it_ended(
    decisions, servers, journal, scorer
):
    servers.promote()
    record(journal, version="3")
    record(journal, 2, "1", "canary", from_version="3", canary=canary_terms(least_images=40))
    scorer.drop("scans", 10)
    scorer.drop_rejects("scans")  # which no version has seen
    scorer.score("scans")
    page = decisions.by("ada").open()
    assert "Version 1 is on canary since" in page.words
    assert "10 of 40 images are scored" in page.words
    (batches,) = [f.value for f in page.app.dataframe if "batch" in f.value.columns]
    assert batches[["batch", "images"]].to_numpy().tolist() == [["scans", 10]]


def test_the_end_of_a_trial_and_its_beginning_lead_to_each_other(decisions, servers, journal):
    servers.promote()
    record(journal, version="3")
    record(journal, 2, "4", "canary", from_version="3", canary=canary_terms())
    record(journal, 3, "4", "canary-ended", from_version="3", verdict="canary-failed")
    page = decisions.by("ada").open(decision="2")
    assert "It ended on" in page.words
    assert "It has scored no batch that has a receipt." in page.words
    assert "Show how it ended" in [button.label for button in page.app.button]
    page = decisions.by("ada").open(decision="3")
    assert "Show the trial that this ended" in [button.label for button in page.app.button]


def test_commands_in_reasons_are_code_here_and_on_overview(decisions, overview, servers, journal):
    record(journal, reasons=["To make it champion: `promote` version 3."])
    servers.promote()
    for page in (decisions, overview):
        lines = [line.value for line in page.by("ada").open().app.markdown]
        assert any("champion\\: `promote` version 3" in line for line in lines)


def test_overview_shows_the_first_reasons_and_leads_to_the_others(overview, servers, journal):
    servers.promote()
    record(journal, reasons=[f"Reason {number}." for number in range(30)])
    page = overview.by("ada").open()
    assert "Reason 3." in page.words
    assert "Reason 4." not in page.words
    assert "26 more reasons, and its gates" in [button.label for button in page.app.button]
