"""Words from outside, made safe to stand in Markdown, and numbers for people.

Keys, names and messages come from whoever put a file into the inbox. As Markdown they could fetch
pictures from elsewhere or dress up as our own words.
"""

import re
import unicodedata

_SPANS = re.compile(r"`([^`]+)`|[^`]+|`")
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
_LONGEST_SENTENCE = 2_000
_LONGEST_NAME = 200


def plain(text: str) -> str:
    """Escape text so that Markdown shows it as it is."""
    return _escaped(_visible(" ".join(text.split()), _LONGEST_SENTENCE))


def sentence(text: str) -> str:
    """Escape text as `plain` does, but let what stands between two backticks be inline code.

    Sentences of ours name commands so; a name from outside gains no more by it than a code's look.
    """
    visible = _visible(" ".join(text.split()), _LONGEST_SENTENCE)
    return _SPANS.sub(lambda span: code(span[1]) if span[1] else _escaped(span[0]), visible)


def code(name: str) -> str:
    """Set a name as inline code, whatever it is made of."""
    text = _visible(name, _LONGEST_NAME)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def short(text: str, longest: int) -> str:
    """Cut a text in its middle, where names differ least."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share of 0-1 as a percentage."""
    return f"{100 * share:.{digits}f} %"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _escaped(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", text)


def _visible(text: str, longest: int) -> str:
    """Replace what cannot be seen: controls, text direction marks, lone surrogates."""
    cleaned = "".join("�" if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)
    return short(cleaned, longest)
