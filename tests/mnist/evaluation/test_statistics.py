"""Statistics: against scipy, statsmodels, published figures and simulation."""

from unittest.mock import patch

import numpy as np
import pytest
import scipy.stats
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from mnist.evaluation.power import images_to_exclude, smallest_detectable_difference
from mnist.evaluation.statistics import (
    bootstrap_interval,
    design_effect,
    holm,
    mcnemar,
    p_of_drop,
    proportion_lower_bound,
    proportion_upper_bound,
    score_interval,
)

counts = st.integers(0, 60)
briefly = settings(max_examples=50, deadline=None)


def tally(draws):
    """Return each distinct (gained, lost) of simulated evaluations, and how often it came."""
    pairs, times = np.unique(draws[:, :2], axis=0, return_counts=True)
    return pairs.tolist(), times / times.sum()


def differences(gained: int, lost: int, images: int):
    values = np.zeros(images)
    values[:gained], values[gained : gained + lost] = 1, -1
    return values


class TestMcNemar:
    """Which of two models is better, from the images only one of them reads."""

    @briefly
    @given(counts, counts)
    def test_agrees_with_statsmodels(self, gained, lost):
        oracle = statsmodels_mcnemar([[0, gained], [lost, 0]], exact=True).pvalue

        assert mcnemar(gained, lost).p_value == pytest.approx(min(oracle, 1.0))

    @briefly
    @given(counts, counts)
    def test_one_sided_p_values_are_binomial_tails(self, gained, lost):
        assume(gained + lost > 0)
        test = mcnemar(gained, lost)
        flips = scipy.stats.binom(gained + lost, 0.5)

        assert test.p_better == pytest.approx(flips.sf(gained - 1))
        assert test.p_worse == pytest.approx(flips.cdf(gained))

    @briefly
    @given(counts, counts)
    def test_swapping_the_models_swaps_the_sides(self, gained, lost):
        there, back = mcnemar(gained, lost), mcnemar(lost, gained)

        assert there.p_value == back.p_value
        assert there.p_better == pytest.approx(back.p_worse, rel=1e-12)

    def test_models_that_agree_everywhere_do_not_differ(self):
        assert mcnemar(0, 0).p_value == 1.0

    @pytest.mark.parametrize(("gained", "p_value"), [(14, 0.00012), (26, 0.034), (52, 0.17)])
    def test_fourteen_errors_fewer_can_mean_anything(self, gained, p_value):
        """The same difference in accuracy, from certain to undecided."""
        assert mcnemar(gained, gained - 14).p_value == pytest.approx(p_value, rel=0.05)


class TestBootstrap:
    """Intervals from the data alone, image by image or writer by writer."""

    def test_agrees_with_scipy(self):
        values = differences(40, 20, 2_000)
        oracle = scipy.stats.bootstrap(
            (values,), np.mean, method="percentile", n_resamples=4_000, batch=500, rng=1
        ).confidence_interval

        ours = bootstrap_interval(values)

        assert ours.estimate == pytest.approx(0.01)
        assert (ours.low, ours.high) == pytest.approx((oracle.low, oracle.high), abs=5e-4)

    def test_measures_smooth_values_as_well_as_right_and_wrong(self):
        values = np.random.default_rng(0).normal(0.1, 1, 1_000)
        error = scipy.stats.sem(values)

        ours = bootstrap_interval(values, replicates=4_000)

        assert ours.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
        assert ours.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)

    def test_a_group_per_image_changes_nothing(self):
        values = differences(30, 10, 1_000)

        alone = bootstrap_interval(values)
        grouped = bootstrap_interval(values, groups=np.arange(1_000))

        assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high), abs=2e-3)

    def test_writers_that_fail_together_widen_the_interval(self):
        values = differences(40, 40, 4_000)
        alone = bootstrap_interval(values)

        grouped = bootstrap_interval(values, groups=np.arange(4_000) // 40)

        assert grouped.high - grouped.low > 3 * (alone.high - alone.low)

    def test_names_of_writers_do_not_matter(self):
        values, groups = differences(10, 30, 500), np.arange(500) % 50

        assert bootstrap_interval(values, groups=groups) == bootstrap_interval(
            values, groups=groups * 7 + 1_000
        )

    def test_the_same_seed_gives_the_same_interval_and_another_seed_another(self):
        values = np.random.default_rng(0).normal(size=300)

        assert bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)
        assert bootstrap_interval(values, seed=5) != bootstrap_interval(values, seed=6)

    def test_covers_the_truth_with_clustered_writers(self):
        """300 evaluations by 60 writers of different skill; 95 % intervals of a true 0."""
        generator = np.random.default_rng(0)
        groups = np.repeat(np.arange(60), 10)
        covered = 0
        for _ in range(300):
            skill = generator.normal(0, 0.3, 60)[groups]
            interval = bootstrap_interval(
                skill + generator.normal(0, 0.5, 600), groups=groups, replicates=500
            )
            covered += interval.low <= 0 <= interval.high

        assert 0.91 <= covered / 300 <= 0.98


class TestDesignEffect:
    """How much wider writers make an interval."""

    def test_is_one_where_writers_do_not_matter(self):
        values = np.random.default_rng(0).choice([-1.0, 0, 0, 0, 1], 20_000)

        assert design_effect(values, np.arange(20_000) % 400) == pytest.approx(1, abs=0.15)

    def test_is_the_size_of_the_groups_where_all_images_of_a_writer_agree(self):
        values = np.repeat(np.random.default_rng(0).choice([-1.0, 0, 1], 500), 8)

        assert design_effect(values, np.arange(4_000) // 8) == pytest.approx(8, rel=0.02)

    def test_never_narrows(self):
        values = np.tile([1.0, -1.0], 100)  # every writer gains one and loses one

        assert design_effect(values, np.arange(200) // 2) == 1.0

    def test_is_one_where_nothing_differs_or_one_writer_wrote_all(self):
        assert design_effect(np.zeros(10), np.arange(10)) == 1.0
        assert design_effect(np.array([1.0, -1.0]), np.zeros(2, int)) == 1.0


class TestScoreInterval:
    """Intervals that stay honest with hardly any discordant image."""

    def test_reproduces_a_published_interval(self):
        """Fagerland, Lydersen and Laake 2014, airway hyper-responsiveness: -0.517 to -0.026."""
        interval = score_interval(1, 7, 21)

        assert (interval.low, interval.high) == pytest.approx((-0.517, -0.026), abs=5e-4)

    def test_no_discordant_image_is_no_certainty(self):
        interval = score_interval(0, 0, 360)
        z_squared = scipy.stats.norm.ppf(0.975) ** 2

        assert interval.high == pytest.approx(z_squared / (360 + z_squared))
        assert interval.low == pytest.approx(-interval.high)

    @briefly
    @given(counts, counts, st.integers(120, 5_000))
    def test_holds_the_estimate_and_mirrors(self, gained, lost, images):
        there, back = score_interval(gained, lost, images), score_interval(lost, gained, images)

        assert -1 <= there.low <= there.estimate <= there.high <= 1
        assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-9)

    def test_stays_inside_the_possible_when_one_model_is_always_right(self):
        assert score_interval(5, 0, 5).high == 1.0
        assert score_interval(0, 5, 5).low == -1.0

    def test_covers_the_truth_with_few_discordant_images(self):
        """2,000 evaluations of 400 images; true difference -0.01 from 3 % discordant images."""
        generator = np.random.default_rng(0)
        draws = generator.multinomial(400, [0.01, 0.02, 0.97], 2_000)
        pairs, weights = tally(draws)
        intervals = [score_interval(*pair, 400) for pair in pairs]
        covered = weights @ [interval.low <= -0.01 <= interval.high for interval in intervals]

        assert 0.935 <= covered <= 0.985


class TestPower:
    """What an evaluation cannot see."""

    @pytest.mark.parametrize("discordant", [0.004, 0.01, 0.03])
    def test_the_smallest_detectable_difference_is_found_four_times_in_five(self, discordant):
        images = 10_000
        smallest = smallest_detectable_difference(images, discordant)
        gain, loss = (discordant + smallest) / 2, (discordant - smallest) / 2
        draws = np.random.default_rng(0).multinomial(images, [gain, loss, 1 - gain - loss], 4_000)
        pairs, weights = tally(draws)
        detected = weights @ [mcnemar(*pair).p_value <= 0.05 for pair in pairs]

        # The exact test is conservative, so it finds a little less than the formula promises.
        assert 0.70 <= detected <= 0.84

    def test_ten_thousand_images_cannot_resolve_half_a_tenth_of_a_point(self):
        assert smallest_detectable_difference(10_000, 0.003) > 0.0005

    def test_is_never_below_six_images_and_never_above_everything(self):
        assert smallest_detectable_difference(10_000, 0.0) >= 6 / 10_000
        assert smallest_detectable_difference(3, 0.5) == 1.0

    def test_writers_that_fail_together_hide_differences(self):
        alone = smallest_detectable_difference(10_000, 0.004)

        assert smallest_detectable_difference(10_000, 0.004, variance_factor=1.4) > alone

    def test_the_images_asked_for_exclude_the_margin_four_times_in_five(self):
        images = images_to_exclude(0.002, 0.006)
        assert images is not None
        draws = np.random.default_rng(0).multinomial(images, [0.003, 0.003, 0.994], 1_000)
        pairs, weights = tally(draws)
        excluded = weights @ [score_interval(*pair, images).low > -0.002 for pair in pairs]

        assert 0.74 <= excluded <= 0.86

    def test_no_number_of_images_excludes_every_loss(self):
        assert images_to_exclude(0.0, 0.01) is None


@briefly
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_agrees_with_statsmodels(p_values):
    ours = holm(p_values)

    if p_values:
        with patch("gc.collect"):  # half a second each time, in a process of many tests
            oracle = multipletests(p_values, method="holm")[1]
        assert list(ours) == pytest.approx(oracle.tolist())
    else:
        assert ours == ()


@briefly
@given(st.integers(0, 300), st.integers(1, 300), st.sampled_from([0.9, 0.95, 0.99]))
def test_bounds_of_a_proportion_agree_with_statsmodels(successes, images, confidence):
    assume(successes <= images)
    low, high = proportion_confint(successes, images, alpha=2 * (1 - confidence), method="beta")

    assert proportion_lower_bound(successes, images, confidence=confidence) == pytest.approx(low)
    assert proportion_upper_bound(successes, images, confidence=confidence) == pytest.approx(high)


@briefly
@given(st.integers(0, 60), st.integers(0, 60), st.sampled_from([0.01, 0.03, 0.1]))
def test_the_p_value_of_a_drop_is_where_the_interval_ends(gained, lost, drop):
    """It is below 5 % exactly where the one-sided 95 % interval leaves the tolerated drop out."""
    high = score_interval(gained, lost, 500, confidence=0.9).high
    assume(abs(high + drop) > 1e-6)
    assert (p_of_drop(gained, lost, 500, drop) < 0.05) == (high < -drop)
