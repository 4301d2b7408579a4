"""Promotion: what holds for any two models."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist.promotion import Verdict, decide, small_sample_policy
from tests.planted import LABELS, evidence

pytestmark = pytest.mark.slow


@st.composite
def small_evaluations(draw):
    """Two models on 500 images, with up to 25 misread images each."""
    labels = LABELS[:500]
    misread = st.dictionaries(st.integers(0, 499), st.integers(0, 9), max_size=25)
    writers = draw(st.one_of(st.none(), st.just(np.arange(500) // 10)))
    return [evidence(draw(misread), name, labels=labels, writers=writers) for name in ("2", "1")]


class TestProperties:
    """Two models of up to 25 misread images each."""

    policy = small_sample_policy().model_copy(update={"bootstrap_replicates": 1_000})
    any_two = settings(max_examples=25, deadline=None)

    @any_two
    @given(small_evaluations())
    def test_the_same_evidence_gives_the_same_decision(self, models):
        assert decide(*models, self.policy) == decide(*models, self.policy)

    @any_two
    @given(small_evaluations())
    def test_two_models_are_never_each_better_than_the_other(self, models):
        verdicts = [decide(*order, self.policy).verdict for order in (models, models[::-1])]

        assert verdicts.count(Verdict.BETTER) <= 1
        if Verdict.BETTER in verdicts:
            assert Verdict.WORSE in verdicts

    @any_two
    @given(small_evaluations())
    def test_only_better_or_not_worse_is_ever_promoted_and_never_with_a_failed_check(self, models):
        decision = decide(*models, self.policy)
        failed = [c for c in decision.evidence["checks"] if c["status"] == "failed"]

        if decision.promote:
            assert decision.verdict in {Verdict.BETTER, Verdict.NOT_WORSE}
            assert not failed
        else:
            assert decision.reasons
        assert all(check["sentence"] in decision.reasons for check in failed)

    @any_two
    @given(small_evaluations())
    def test_a_model_is_never_better_than_itself(self, models):
        twin = replace(models[0], model_version="1")

        assert decide(models[0], twin, self.policy).verdict is not Verdict.BETTER
