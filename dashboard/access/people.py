"""People and their two roles. No Streamlit here: actions check roles, not pages alone."""

from dataclasses import dataclass
from enum import StrEnum

from mnist.errors import AccessDenied


class Role(StrEnum):
    """What a person may do: a viewer sees everything, an editor also changes things."""

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
    def is_editor(self) -> bool:
        """Whether actions are theirs to take."""
        return self.role is Role.EDITOR


def require_editor(person: Person, action: str) -> None:
    """Let only editors pass.

    Args:
        person: Who wants to act.
        action: What they want to do, as in "roll back".

    Raises:
        AccessDenied: If they are a viewer.
    """
    if not person.is_editor:
        raise AccessDenied(
            f"{person.name or 'Nobody'} is a viewer and may not {action}: log in with the "
            "editors' password."
        )
