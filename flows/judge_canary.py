"""Judge the canary: a version on trial becomes champion for all, or the one before takes over."""

from typing import Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.support import artifacts, events
from flows.support.remedies import say_remedy
from mnist import services


@flow(name="judge-canary", on_failure=[say_remedy])
def judge_canary() -> dict[str, Any]:
    """Look at what the version on canary has scored, and end its trial if that is due.

    It is held against the version that scores the other sources, on the same images: audits, the
    share that is accepted, digits that change. Shown to be worse, it is taken off at once and the
    other one scores everything again; not shown to be worse by enough images, it becomes champion.
    The journal says so, and the events `canary.passed` and `canary.ended` tell people.

    Returns:
        The verdict (`none`, `waiting`, `passed`, `failed` or `undecided`), its reasons, how many
        images were looked at, and the number of the journal entry, 0 if there is none.

    Raises:
        IntegrityError: If the version that scores the other sources cannot be loaded.
        Unavailable: If the store or the registry does not answer.
    """
    look = services.current().canaries.judge(f"flow run {flow_run.get_name()}")
    for sentence in look.sentences:
        get_run_logger().info("%s", sentence)
    if look.canary is not None:
        artifacts.publish_canary(look)
    if look.entry is not None:
        events.decided(look.entry)
    return {
        "verdict": str(look.verdict),
        "reasons": list(look.sentences),
        "images": look.images,
        "entry": look.entry.sequence if look.entry else 0,
    }
