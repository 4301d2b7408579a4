"""The benchmark of the daily jobs: what it measures, what it leaves out, and what it says then."""

import time

import pytest

from benchmarks import dashboard_jobs
from benchmarks.dashboard_looks import JOBS, PICTURES

pytestmark = pytest.mark.browser

LOOKS = {look.name: look for look in (*JOBS, *PICTURES)}


@pytest.mark.slow
def test_a_job_that_cannot_be_done_here_is_left_out_at_once_and_says_why(visit, champion, scorer):
    scorer.drop("scans", 12)
    scorer.score("scans")
    visit.log_in()
    visit.open()
    for name, needed, said in (
        # There is another number with a button beside it: it is not the one that was asked for.
        ("failed-batch", "a batch of the last seven days that failed", "Overview"),
        ("labels", "an answer of somebody", "begin on the page Review"),
        ("thresholds", "two versions", "There is one version so far"),
    ):
        began = time.monotonic()
        with pytest.raises(dashboard_jobs.LeftOut) as left_out:
            dashboard_jobs.reach(visit.tab, visit.address, LOOKS[name])
        assert time.monotonic() - began < 20
        assert needed in str(left_out.value)
        assert said in str(left_out.value)


@pytest.mark.slow
def test_each_job_is_reported_when_it_is_done_and_kept_as_a_picture(
    visit, champion, scorer, tmp_path, monkeypatch, capsys
):
    scorer.drop_rejects("bad")
    scorer.score("bad")
    looks = tuple(LOOKS[name] for name in ("confused-cell", "labels"))
    monkeypatch.setattr(dashboard_jobs, "JOBS", looks)
    monkeypatch.setattr(dashboard_jobs, "PICTURES", (LOOKS["overview"],))
    visit.log_in()
    results = dashboard_jobs.measure(visit.tab, visit.address, tmp_path)
    (clicks, seconds) = results["confused-cell"]
    assert clicks == 1
    assert seconds > 0
    assert set(results) == {"confused-cell"}
    assert {file.stem for file in tmp_path.glob("*.png")} == {"errors", "overview"}
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == [
        "What is confused most?",
        "What did we answer?",
        "Picture of overview",
    ]
    assert "left out: it needs an answer of somebody" in lines[1]
