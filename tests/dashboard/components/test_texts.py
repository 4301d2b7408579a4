"""Words from outside must come out of a Markdown renderer as they went in."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dashboard.components.texts import code, counted, percent, plain, sentence, short

_LINE = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=100)


def rendered(markdown: str) -> tuple[str, set[str]]:
    """Return the visible text and the tags that CommonMark makes of it."""
    page = MarkdownIt("commonmark").render(markdown)
    tags = set(re.findall(r"<(\w+)", page))
    return html.unescape(re.sub(r"<[^>]*>", "", page)).strip(), tags


@given(_LINE)
def test_plain_text_is_shown_as_it_is(text):
    visible, tags = rendered(f"x{plain(text)}")
    assert visible == f"x{' '.join(text.split())}"
    assert tags <= {"p"}


@given(_LINE)
def test_a_sentence_is_shown_as_it_is_and_only_its_commands_as_code(text):
    visible, tags = rendered(f"x {sentence(text)}")
    assert visible.replace("`", "").split() == f"x {text}".replace("`", "").split()
    assert tags <= {"p", "code"}


def test_what_stands_between_backticks_is_code():
    assert rendered(sentence("Run `a 'b'` *now*.")) == ("Run a 'b' *now*.", {"p", "code"})


@given(_LINE.filter(str.strip))
def test_a_name_is_shown_as_one_piece_of_code(text):
    visible, tags = rendered(f"x {code(text)}")
    assert visible.split() == f"x {text}".split()
    assert tags == {"p", "code"}


@pytest.mark.parametrize("hidden", ["a\u202eb", "a\nb", "a\x00b", "a\u200bb", "a\ud800b"])
def test_what_cannot_be_seen_is_made_visible(hidden):
    assert code(hidden) == "`a�b`"


def test_long_texts_lose_their_middle():
    assert short("a" * 50 + "b" * 50, 11) == "aaaaa…bbbbb"
    assert short("short", 11) == "short"


def test_numbers_read_well():
    assert percent(0.99481) == "99.48 %"
    assert counted(1, "image") == "1 image"
    assert counted(1200, "image") == "1,200 images"
