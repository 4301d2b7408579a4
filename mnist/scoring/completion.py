"""When a folder that people fill over time counts as complete."""

from dataclasses import dataclass
from enum import StrEnum


class Completion(StrEnum):
    """Why a batch counts as complete."""

    READY = "its _READY marker is there"
    SETTLED = "nothing new came for the settle time"
    WAITED = "it was open for the longest time allowed"


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """Rows come at once; the receipt, the event and the notification come when this says so.

    Attributes:
        settle_seconds: A batch without new objects for this long is complete.
        longest_open_seconds: A batch that never comes to rest gets its receipt after this long,
            and is open again with the next object.
    """

    settle_seconds: float
    longest_open_seconds: float

    def verdict(
        self, *, quiet_seconds: float, open_seconds: float, is_ready: bool
    ) -> Completion | None:
        """Say why a batch whose objects all have their outcome is complete, or None if not yet.

        Args:
            quiet_seconds: Time since an object was last seen to be new.
            open_seconds: Time since the first object that no receipt knows of.
            is_ready: Whether the folder holds a `_READY` marker.
        """
        if is_ready:
            return Completion.READY
        if quiet_seconds >= self.settle_seconds:
            return Completion.SETTLED
        if open_seconds >= self.longest_open_seconds:
            return Completion.WAITED
        return None
