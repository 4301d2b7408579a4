"""People and their two roles. No Streamlit here: actions check roles, not pages alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mnist.errors import AccessDenied


class Role(StrEnum):
    """What a person may do."""

    VIEWER = "viewer"
    EDITOR = "editor"


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in.

    Attributes:
        name: Their name, as journal and labels will have it.
        role: What they may do.
    """

    name: str
    role: Role

    @property
    def may_change(self) -> bool:
        """Whether actions are theirs to take."""
        return self.role is Role.EDITOR


def require_editor(person: Person, what: str) -> None:
    """Let only those pass who may change something.

    Args:
        person: Who asks.
        what: What they want to do, as in "roll back".

    Raises:
        AccessDenied: If they may only look.
    """
    if not person.may_change:
        raise AccessDenied(
            f"{person.name or 'Nobody'} may look and not {what}: log in with the password of the "
            "role that changes things."
        )
