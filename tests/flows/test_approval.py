"""A person in the middle of `retrain`, through the Prefect engine; the work around it is a stub."""

import threading
from contextvars import copy_context
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.flow_runs import resume_flow_run

from flows import retrain as module
from mnist import services
from mnist.data.reviewed import ReviewedLabels
from mnist.operations.gates import Judgement
from mnist.promotion import Decision, Verdict
from mnist.provenance import Origin
from mnist.registry.publishing import RegisteredVersion
from mnist.storage.journal import JournalEntry
from mnist.training.recipes import get_recipe

VERSION = RegisteredVersion("digits", "2", "run", "http://mlflow/run")
FEW = SimpleNamespace(n=1000)


class Steps:
    """A retraining that takes no time; what it is told to conclude is kept."""

    def __init__(self, *, promote: bool) -> None:
        self.promote = promote

    recipe = staticmethod(get_recipe)

    def check_policy(self, policy):
        pass

    def check_registry(self):
        pass

    def load(self, *_):
        return SimpleNamespace(
            dataset=SimpleNamespace(source="mnist", test=FEW),
            train=FEW,
            validation=FEW,
            added=(),
            left_out={},
            reviewed=ReviewedLabels.none(),
        )

    def origin(self, *_):
        return Origin()

    def nothing_new(self, *_):
        return None

    def obstacle(self, *_):
        return None

    def train(self, *_):
        return SimpleNamespace(resumed_from_epoch=0, device="CPU", wall_seconds=1, cpu_seconds=1)

    @property
    def lines(self):
        return SimpleNamespace(champions=lambda: None)

    def measure(self, *_):
        return SimpleNamespace(evaluation=SimpleNamespace(accuracy=1, macro_f1=1, errors=0))

    def publish(self, *_):
        return VERSION

    def judge(self, _candidate, _version, _data, _policy, tell):
        tell(0.5, "measuring")
        decision = Decision(Verdict.BETTER, self.promote, ("It gained.",), {"checks": []}, "1")
        return Judgement(decision, "1", "i")

    def conclude(self, judgement, version, who, approval):
        if approval is not None:
            judgement, who = approval.applied(judgement, who)
        entry = JournalEntry(
            sequence=2,
            at=datetime.now(UTC),
            who=who,
            action="promoted" if judgement.decision.promote else "refused",
            model=version.name,
            from_version="1",
            to_version=version.version,
            verdict=judgement.decision.verdict,
            reasons=list(judgement.decision.reasons),
            policy_version="1",
            evidence_url=version.run_url,
            images_digest=judgement.images_digest,
        )
        return entry, judgement.report


@pytest.fixture
def steps(prefect_api, settings, monkeypatch):
    made = Steps(promote=True)
    current = SimpleNamespace(retraining=made, settings=settings)
    monkeypatch.setattr(services, "current", lambda: current)
    monkeypatch.setattr("flows.support.approval._POLL_SECONDS", 1)
    return made


def answer_when_paused(name, answer):
    """Resume the run of that name as soon as it waits, as a person would."""

    def watch():
        with get_client(sync_client=True) as client:
            while True:
                runs = client.read_flow_runs(
                    flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[name]))
                )
                paused = [run for run in runs if run.state and run.state.is_paused()]
                if paused:
                    resume_flow_run(paused[0].id, run_input=answer)
                    return

    thread = threading.Thread(target=copy_context().run, args=(watch,), daemon=True)
    thread.start()


@pytest.mark.usefixtures("steps")
def test_a_person_says_yes_with_name_and_reason():
    answer_when_paused(
        "retrain-demo-seed-101", {"approve": True, "who": "Ada", "why": "looked at the flips"}
    )
    entry = module.retrain(seed=101, approval_seconds=120)
    assert entry["action"] == "promoted"
    assert entry["who"] == "Ada, asked by flow run retrain-demo-seed-101"
    assert entry["reasons"][0] == "Approved by Ada: looked at the flips."


@pytest.mark.usefixtures("steps")
def test_silence_is_a_no_and_the_run_ends_well():
    entry = module.retrain(seed=102, approval_seconds=1)
    assert entry["action"] == "refused"
    assert "nobody answered within 1 s" in entry["reasons"][0]


def test_what_the_gates_refuse_is_not_asked(steps):
    steps.promote = False
    assert module.retrain(seed=103, approval_seconds=600)["reasons"] == ["It gained."]


def test_without_the_parameter_nobody_is_asked(steps):
    assert module.retrain(seed=104)["action"] == "promoted"
