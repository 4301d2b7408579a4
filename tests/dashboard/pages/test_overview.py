"""The overview, before and after the first champion, with services up and down."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from scipy.stats import binomtest
from streamlit.testing.v1 import AppTest

from dashboard.access import model_actions
from dashboard.access.login import PERSON
from dashboard.access.people import Person, Role
from dashboard.app import script
from dashboard.components import cached
from mnist.errors import Unavailable
from mnist.orchestrator import PrefectApi
from mnist.storage.audit import AuditLog
from mnist.storage.journal import Journal, JournalEntry
from tests.dashboard.fake_servers import RUN_ID
from tests.journals import canary_terms

TERMS = canary_terms()

_APP = Path(script.__file__)

pytestmark = pytest.mark.usefixtures("environment")


def decision(sequence=1, version="3", action="promoted", **changes) -> JournalEntry:
    return JournalEntry(
        **{
            "sequence": sequence,
            "at": datetime(2026, 11, 20, 14, 50, tzinfo=UTC),
            "who": "flow run retrain-demo-seed-0",
            "action": action,
            "model": "digits",
            "from_version": None,
            "to_version": version,
            "verdict": "not_worse",
            "reasons": ["It reads 12 images more.", "Nothing was *worse*."],
            "policy_version": "1",
            "evidence_url": f"http://mlflow/#/experiments/1/runs/{RUN_ID}",
            "images_digest": "i",
        }
        | changes
    )


def run_record(**changes):
    return {
        "id": "r1",
        "name": "score-batch-scans",
        "state_name": "Completed",
        "start_time": "2026-11-20T12:00:00Z",
        "total_run_time": 2.5,
    } | changes


def record(journal, *values, **changes):
    journal.append(lambda _number, _entries: decision(*values, **changes))


@pytest.fixture
def journal(results_bucket):
    return Journal(results_bucket)


def test_before_the_first_training_it_says_what_to_do(overview):
    page = overview.open()
    assert "the journal of model 'digits' makes no version champion" in page.words
    assert "prefect deployment run 'retrain/default'" in page.words
    assert "No candidate has been judged yet." in page.words
    assert "Nothing has been trained yet." in page.words
    advice = next(info.value for info in page.app.info if "makes no version champion" in info.value)
    assert "Run `prefect deployment run 'retrain/default'`" in advice  # as code, not as backticks


def test_the_champion_is_named_with_its_accuracy(overview, servers, journal):
    record(journal)
    servers.promote()
    page = overview.open()
    assert "`digits` version `3` · recipe `demo` · trained on `mnist`" in page.words
    exact = binomtest(198, 200).proportion_ci(method="exact")
    interval = f"{exact.low:.2%} to {exact.high:.2%}".replace("%", " %")
    assert (
        f"**99.00 %** of the test images predicted correctly, 95 % interval {interval}"
        in page.words
    )
    assert not page.app.warning
    assert not page.app.error


def test_numbers_of_other_images_are_not_passed_off_as_those_of_mnist(overview, servers):
    servers.promote(dataset="sklearn-digits")
    page = overview.open()
    assert "These are not MNIST's numbers" in page.app.warning[0].value
    assert "`sklearn-digits`" in page.app.warning[0].value


def test_the_last_decision_is_told_with_its_reasons(overview, servers, journal):
    record(journal)
    record(journal, 2, "4", "refused", verdict="worse", from_version="3")
    servers.promote()
    page = overview.open()
    assert "Version `4` was refused** against version `3`: worse" in page.words
    assert "- It reads 12 images more." in page.words
    assert "Nothing was *worse*." in page.words
    table = page.app.dataframe[0].value
    assert table["version"].tolist() == ["4", "3"]
    assert page.app.dataframe[1].value["decision"].tolist() == ["version 4 was refused"]


def test_a_rollback_is_told_as_one(overview, servers, journal):
    record(journal, version="4")
    record(journal, 2, "3", "rolled-back", verdict="rollback", from_version="4")
    servers.promote()
    page = overview.open()
    assert "Version `3` became champion again by a rollback** against version `4`" in page.words


def test_an_alias_that_was_moved_by_hand_is_noticed(overview, servers, journal):
    record(journal, version="2")
    servers.promote()
    servers.register("2", {}, recipe="demo", dataset="mnist")
    page = overview.open()
    assert "The alias names version 3 as champion and the journal version 2" in page.words
    assert "`promote` version 3 to make it champion" in page.words
    assert "`digits` version `2`" in page.words  # which is what scores


def test_an_alias_without_a_journal_makes_no_champion(overview, servers):
    servers.journal = None
    servers.promote()
    page = overview.open()
    assert "the journal makes no version champion" in page.words
    assert "prefect deployment run 'promote/default' -p version=3" in page.words
    assert "of the test images predicted" not in page.words


def test_a_damaged_decision_is_named(overview, servers, results_bucket):
    servers.promote()
    results_bucket.create("journal/00000002.json", b"{}")
    page = overview.open()
    assert "`journal/00000002.json` lies among the decisions and is none" in page.words
    assert "**99.00 %** of the test images" in page.words


def test_a_champion_without_evaluation_is_still_shown(overview, servers):
    servers.promote()
    servers.files = {}
    page = overview.open()
    assert "kept no evaluation.json" in page.words
    assert "`digits` version `3`" in page.words


@pytest.mark.parametrize("content", [b"{}", b"not json", b"[]"])
def test_a_damaged_evaluation_is_one_sentence(overview, servers, content):
    servers.promote()
    servers.files = {"evaluation.json": content}
    page = overview.open()
    assert "evaluate the model again" in page.words.lower()


def test_a_registry_that_is_down_leaves_the_rest_standing(overview, servers, journal, dashboard):
    record(journal)
    dashboard(MLFLOW_TRACKING_URI="http://127.0.0.1:1")
    page = overview.open()
    assert "check MLFLOW_TRACKING_URI and that the server is up" in page.words
    assert "Version `3` was promoted" in page.words
    assert "Model registry: trouble" in page.words
    assert "Object store answers" in page.words


def test_a_registry_that_refuses_us_is_one_sentence(overview, servers):
    servers.status = 401
    assert "refused the credentials; check MLFLOW_TRACKING_USERNAME" in overview.open().words


def test_a_store_that_is_down_leaves_the_rest_standing(overview, servers, dashboard):
    servers.promote()
    dashboard(AWS_ENDPOINT_URL="http://127.0.0.1:1")
    page = overview.open()
    assert [e.value for e in page.app.error if "AWS\\_ENDPOINT\\_URL" in e.value] == [
        page.app.error[0].value  # one cause is told once, however many sections miss the store
    ]
    assert "Not known now, for the reason above." in page.words
    assert "of the test images predicted" not in page.words  # nobody can say who is champion
    assert page.app.dataframe[0].value["run"].tolist() == ["demo-seed-0"]


@pytest.mark.parametrize("wrong", [False, "starting"])
def test_a_prefect_that_is_not_well_is_named(overview, servers, wrong):
    servers.prefect = wrong
    page = overview.open()
    assert "Prefect: trouble" in page.words
    assert "check PREFECT_API_URL" in page.words


def test_a_prefect_nobody_named_is_told(overview, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL")
    assert "PREFECT_API_URL is not set" in overview.open().words


def test_the_app_opens_on_the_overview():
    app = AppTest.from_file(_APP, default_timeout=60)
    app.session_state[PERSON] = Person("ada", Role.VIEWER)
    app.run()
    assert not app.exception
    assert app.title[0].value == "Overview"


def test_without_settings_the_app_says_which_are_missing(monkeypatch, dashboard):
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    dashboard()
    app = AppTest.from_file(_APP, default_timeout=60).run()
    assert not app.exception
    assert "MLFLOW_TRACKING_URI is not set" in app.error[0].value.replace("\\", "")


def two_champions(journal):
    record(journal, version="2")
    record(journal, 2, "3", from_version="2")


def roll_back(page, why, *, sure=True):
    page.app.text_input(key="rollback-why").set_value(why)
    if sure:
        page.app.checkbox(key="rollback-sure").check()
    (button,) = [button for button in page.app.button if button.label == "Roll back"]
    button.click().run()
    return page.checked()


def changes(results_bucket):
    return [
        (line.who, line.what, line.subject, line.why) for line in AuditLog(results_bucket).last(9)
    ]


def test_a_rollback_says_what_will_happen_and_starts_the_deployment(
    overview, servers, journal, results_bucket
):
    servers.promote()
    two_champions(journal)
    page = overview.by("ada").open()
    assert "Version `2` will be champion again." in page.words
    page = roll_back(page, "It confuses  4 and 9.")
    parameters = {"who": "ada", "why": "It confuses 4 and 9.", "to_version": "2"}
    assert servers.started == [("rollback/default", parameters)]
    assert changes(results_bucket) == [("ada", "roll back", "to version 2", "It confuses 4 and 9.")]
    assert "rollback to version `2` has started" in page.app.success[0].value


def test_a_version_on_canary_is_shown_and_can_be_taken_off(
    overview, servers, journal, results_bucket
):
    record(journal, version="3")
    record(journal, 2, "4", "canary", from_version="3", canary=TERMS)
    servers.promote()
    page = overview.by("ada").open()
    assert "Version 4 is on canary since 2026" in page.words
    assert "0 of 100 images are scored" in page.words
    assert "Version `4` began on canary** against version `3`" in page.words
    assert "Version `3` will score everything again." in page.words
    page = roll_back(page, "It confuses 4 and 9.")
    parameters = {"who": "ada", "why": "It confuses 4 and 9.", "to_version": "3"}
    assert servers.started == [("rollback/default", parameters)]


@pytest.mark.parametrize(
    ("why", "sure", "sentence"), [("", True, "needs a reason"), ("x y z", False, "tick")]
)
def test_a_rollback_wants_a_reason_and_a_yes(
    overview, servers, journal, results_bucket, why, sure, sentence
):
    servers.promote()
    two_champions(journal)
    page = roll_back(overview.by("ada").open(), why, sure=sure)
    assert sentence in page.words
    assert servers.started == []
    assert changes(results_bucket) == []


def test_a_viewer_is_offered_no_rollback_and_cannot_start_one(
    overview, servers, journal, results_bucket
):
    servers.promote()
    two_champions(journal)
    page = overview.by("eve").open()
    overview.by("eve", Role.VIEWER)  # the role was taken away while the page was open
    page = roll_back(page, "I want to.")
    assert "eve is a viewer and may not roll back" in page.words
    assert servers.started == []
    assert changes(results_bucket) == []
    assert "Roll back" not in [button.label for button in page.app.button]


def test_without_an_audit_line_nothing_is_started(servers, results_bucket, monkeypatch):
    def down(*_):
        raise Unavailable("The store is away.")

    monkeypatch.setattr(AuditLog, "record", down)
    with pytest.raises(Unavailable):
        model_actions.roll_back(
            PrefectApi(f"{servers.url}/api"),
            AuditLog(results_bucket),
            Person("ada", Role.EDITOR),
            "2",
            "Because.",
        )
    assert servers.started == []


def test_a_rollback_is_shown_as_soon_as_the_journal_has_it(overview, servers, journal):
    servers.promote()
    two_champions(journal)
    page = roll_back(overview.by("ada").open(), "It confuses 4 and 9.")
    assert "The rollback is under way" in page.words
    record(journal, 3, "2", "rolled-back", verdict="rollback", from_version="3")
    page.app.run()  # as the page does by itself every two seconds
    assert "The rollback is under way" not in page.checked().words
    assert "Version `2` became champion again by a rollback" in page.words


def test_a_rollback_that_breaks_off_is_said(overview, servers, journal):
    servers.promote()
    two_champions(journal)
    page = roll_back(overview.by("ada").open(), "It confuses 4 and 9.")
    servers.flow_runs = [run_record(id="run-1", state_name="Crashed")]
    page.app.run()
    assert "The rollback's run ended as Crashed." in page.checked().app.error[0].value


def test_the_first_champion_has_nothing_to_go_back_to(overview, servers, journal):
    record(journal)
    servers.promote()
    page = overview.by("ada").open()
    assert "Roll back" not in [button.label for button in page.app.button]


def test_the_first_screen_shows_numbers_and_the_batches_behind_them(overview, scorer, servers):
    scorer.drop("scans", 8)
    scorer.drop_rejects("scans")
    scorer.score("scans")
    page = overview.open()
    assert page.numbers["Failed"] == "0"
    assert page.numbers["Last retraining"] == "none"
    assert page.numbers["Drift"] == "unknown"
    assert "1 batch with 11 images: 27.3 % rejected" in page.words
    assert page.app.dataframe[0].value["batch"].tolist() == ["scans"]


def test_the_first_screen_can_be_about_one_source(overview, scorer, servers):
    scorer.drop("scans", 2)
    scorer.score("scans")
    assert not overview.open().app.selectbox  # with one source there is nothing to choose
    scorer.drop_rejects("bad")
    scorer.score("bad")
    cached.batches.clear()
    page = overview.open(source="scans/")
    assert page.app.selectbox(key="source").options == ["All sources", "bad/", "scans/"]
    assert page.numbers["Failed"] == "0"
    assert page.app.dataframe[0].value["batch"].tolist() == ["scans"]
    page.app.selectbox(key="source").select("").run()
    assert page.numbers[":red[**Failed**]"] == "1"


def test_a_failed_batch_is_red_on_the_first_screen(overview, scorer, servers):
    scorer.drop_rejects("bad")
    scorer.score("bad")
    page = overview.open(period="today")
    assert page.numbers[":red[**Failed**]"] == "1"
    (show,) = [button for button in page.app.button if button.key == "open-Failed"]
    assert show.label == "Show"


def test_the_last_flow_runs_are_listed(overview, servers):
    servers.flow_runs = [run_record()]
    tables = [table.value for table in overview.open().app.dataframe]
    (runs,) = [table for table in tables if "state" in table]
    assert runs[["run", "state", "seconds"]].values.tolist() == [
        ["score-batch-scans", "Completed", 2.5]
    ]
