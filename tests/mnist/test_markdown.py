"""Markdown tables: one line per row, a rule below the head."""

from mnist import markdown


def test_a_table_has_its_head_a_rule_and_its_rows() -> None:
    assert markdown.table(("", "b"), [("x", 1), ("y", None)]).splitlines() == [
        "|  | b |",
        "|---|---|",
        "| x | 1 |",
        "| y | None |",
    ]


def test_a_table_without_rows_has_a_head() -> None:
    assert markdown.table(("a",), []) == "| a |\n|---|"
