"""What reviewed labels changed: both models on the images that people have labelled."""

from collections.abc import Mapping, Sequence
from typing import Any

from mnist import markdown
from mnist.digits import Labels

_LISTED = 20


def reviewed_changes(
    labels: Labels, keys: Sequence[str], candidate: Labels, champion: Labels | None
) -> dict[str, Any]:
    """Compare the predictions of both models for reviewed images, which the candidate has learnt.

    Args:
        labels: What people agreed on, shape (n,).
        keys: Where each image lies, n of them.
        candidate: Digits that the candidate predicts, shape (n,).
        champion: Digits that the champion predicts; None if there is none.

    Returns:
        JSON types: how many images, how many each predicts as labelled, and the images that only
        one of them does: `fixed` by the candidate and `broken` by it.
    """
    changes: dict[str, Any] = {
        "images": len(keys),
        "right_after": int((candidate == labels).sum()),
        "right_before": None if champion is None else int((champion == labels).sum()),
        "fixed": [],
        "broken": [],
    }
    if champion is not None:
        for name, rows in (
            ("fixed", (candidate == labels) & (champion != labels)),
            ("broken", (candidate != labels) & (champion == labels)),
        ):
            changes[name] = [
                {
                    "key": keys[row],
                    "label": int(labels[row]),
                    "before": int(champion[row]),
                    "after": int(candidate[row]),
                }
                for row in rows.nonzero()[0]
            ]
    return changes


def reviewed_section(evidence: Mapping[str, Any]) -> str:
    """Write the section of the decision report; empty if nobody has reviewed anything."""
    reviewed = evidence.get("reviewed")
    if reviewed is None:
        return ""
    changes = reviewed["changes"]
    text = f"## Reviewed labels\n\n{reviewed['sentence']}"
    if changes["images"]:
        before = changes["right_before"]
        champion = (
            "" if before is None else f", of which the champion predicts {before:,} as labelled"
        )
        text += (
            f"\n\n{changes['images']:,} labelled images{champion}; the candidate, which has learnt "
            f"from them, predicts {changes['right_after']:,}. What it does on images it has not "
            "seen is in the other sections."
        )
    tables = [_table("Right now, wrong before", changes["fixed"])]
    tables.append(_table("Wrong now, right before", changes["broken"]))
    return "\n\n".join(filter(None, [text, *tables, _doubtful(reviewed["doubtful"])]))


def _table(title: str, images: Sequence[Mapping[str, Any]]) -> str:
    if not images:
        return ""
    table = markdown.table(
        ("image", "label", "champion", "candidate"),
        [
            (printed_key(image["key"]), image["label"], image["before"], image["after"])
            for image in images[:_LISTED]
        ],
    )
    more = f"\n\n… and {len(images) - _LISTED:,} more." if len(images) > _LISTED else ""
    return f"**{title}: {len(images):,}**\n\n{table}{more}"


def _doubtful(names: Sequence[str]) -> str:
    if not names:
        return ""
    return (
        f"Answers of {', '.join(map(printed_key, names))} did not count: others agree on something "
        "else too often. Look at their answers on the page of reviews."
    )


def printed_key(key: str) -> str:
    """Print a key, which may hold any character, so that it cannot break a Markdown table."""
    shown = "".join(c if c.isprintable() and c not in "`|" else "?" for c in key)
    return f"`{shown}`"
