"""The demonstration knows which digit each of its images shows, and counts what is wrong."""

from infra.demo import mistakes


def row(name: str, digit: int | None) -> dict[str, object]:
    return {"key": f"demo/{name}.png", "digit": digit}


def test_what_was_predicted_wrong_is_named_and_what_has_no_digit_is_not_counted() -> None:
    rows = [
        row("000-test-00000-is-7-28px-black", 7),
        row("001-test-00256-is-4-40px-blue", 9),
        row("002-test-00512-is-0-64px-red", None),
        row("example-eight-chalk", 3),
        row("bad-empty", None),
    ]
    assert mistakes(rows) == (["demo/001-test-00256-is-4-40px-blue.png"], 2)


def test_without_test_digits_nothing_is_wrong() -> None:
    assert mistakes([]) == ([], 0)
