"""The vocabulary: every reason is raised somewhere and explains itself."""

import json
import pickle
import re
from pathlib import Path

import pytest

from mnist.digits import Reason

RAISED = {
    name
    for path in Path("mnist").rglob("*.py")
    if path.name != "digits.py"
    for name in re.findall(r"\bReason\.([A-Z_]+)\b", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_raised_and_has_its_sentence(reason: Reason) -> None:
    assert reason.name in RAISED
    assert re.fullmatch(r"The .{10,90}\.", reason.sentence)


def test_a_reason_is_its_code() -> None:
    assert Reason("blank") is Reason.BLANK
    assert (Reason.BLANK, str(Reason.BLANK), f"{Reason.BLANK}") == ("blank",) * 3
    assert json.dumps([Reason.BLANK]) == '["blank"]'
    assert pickle.loads(pickle.dumps(Reason.BLANK)) is Reason.BLANK  # noqa: S301


def test_the_sentences_differ() -> None:
    assert len({reason.sentence for reason in Reason}) == len(Reason)
