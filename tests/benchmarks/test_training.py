"""The training benchmark's last line: means, the ratio, null for what was not run."""

import pytest

from benchmarks.training import Result, print_table, ratio, summarise


def result(name: str, seed: int, accuracy: float, wall: float, cpu: float) -> Result:
    return Result(name, seed, accuracy, wall, cpu, epochs=4, parameters=1_000)


RESULTS = [
    result("tutorial", 0, 0.990, 100, 150),
    result("tutorial", 1, 0.992, 140, 250),
    result("fast", 0, 0.996, 10, 30),
    result("fast", 1, 0.997, 20, 50),
]


def test_the_last_line_has_exactly_the_documented_keys() -> None:
    assert summarise(RESULTS) == {
        "tutorial_seconds": 120,
        "tutorial_accuracy": pytest.approx(0.991),
        "fast_seconds": 15,
        "fast_accuracy": pytest.approx(0.9965),
        "fast_ratio": 0.125,
        "best_seconds": None,
        "best_accuracy": None,
        "ensemble_accuracy": None,
    }


def test_without_the_tutorial_there_is_no_ratio() -> None:
    summary = summarise(RESULTS[2:])
    assert summary["fast_ratio"] is None
    assert summary["tutorial_seconds"] is None
    assert summary["fast_seconds"] == 15


def test_the_table_has_both_ratios_and_every_seed(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(RESULTS)
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 4
    assert "| 40.0 | 15.0 | 0.200 | 0.125 | .9960 .9970 | 0.9965 |" in rows[3]
    assert ratio(RESULTS, "fast", "cpu_seconds") == 0.2


def test_the_table_does_without_a_baseline(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(RESULTS[2:])
    assert "|  |  | .9960 .9970 |" in capsys.readouterr().out
