"""Every exception this package raises on purpose.

    MnistError
    ├── InvalidInput            something handed to us is wrong; a retry will not help
    │   ├── InvalidSettings
    │   ├── InvalidDataset
    │   ├── InvalidRecipe
    │   ├── InvalidEvaluation
    │   ├── InvalidBatch        unknown, empty or unusable batch
    │   ├── InvalidLayout       the file that says where the places of a page are
    │   └── InvalidPolicy
    ├── NoChampion              nothing has been promoted yet
    ├── IntegrityError          bytes do not have the digest that was recorded for them
    ├── BatchFailed             every image has its outcome, but too many were rejected
    ├── LeaseHeld               another run is working on this batch
    ├── AccessDenied            the credentials are wrong or may not do this
    ├── ObjectGone              the object was deleted since it was listed
    ├── ObjectChanged           the object was overwritten since it was listed
    ├── Unsupported             the store cannot do this; a retry will not help
    └── Unavailable             a service did not answer; a retry may help

Each message is one sentence: what happened, with which value, what was expected, what to do. Where
an operation of ours would help, the error names it as data (`Remedy`): how it is started is known
to flows and pages, not here.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Remedy:
    """An operation that would help.

    Attributes:
        operation: Its name, such as `retrain`.
        parameters: Parameter -> value; `...` where a person has to choose one.
    """

    operation: str
    parameters: dict[str, str] = field(default_factory=dict)


class MnistError(Exception):
    """Base of every error of this package.

    Attributes:
        remedy: What would help, if an operation of ours would.
        service: Which service as a whole is to blame, whatever was asked of it; else empty.
    """

    def __init__(self, message: str, remedy: Remedy | None = None, *, service: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy
        self.service = service


class InvalidInput(MnistError, ValueError):
    """Something handed to us is wrong."""


class InvalidSettings(InvalidInput):
    """An environment variable is missing or has an impossible value."""


class InvalidDataset(InvalidInput):
    """Training or test data is missing, corrupt or not what it claims to be."""


class InvalidRecipe(InvalidInput):
    """No recipe or architecture has that name, or its hyperparameters are impossible."""


class InvalidEvaluation(InvalidInput):
    """Labels and probabilities cannot be compared."""


class InvalidBatch(InvalidInput):
    """The batch does not exist, is empty, or its name cannot be a batch."""


class InvalidLayout(InvalidInput):
    """The description of a page's places is no JSON, or says what cannot be."""


class InvalidPolicy(InvalidInput):
    """A promotion policy has impossible values."""


class NoChampion(MnistError):
    """The journal has made no model version champion."""


class IntegrityError(MnistError):
    """Bytes do not have the SHA-256 that was recorded for them."""


class BatchFailed(MnistError):
    """All outcomes are recorded, and more images were rejected than the limit allows."""


class LeaseHeld(MnistError):
    """Another run holds the lease of this batch."""


class AccessDenied(MnistError):
    """A service refused our credentials."""


class ObjectGone(MnistError):
    """The object was deleted since it was listed."""


class ObjectChanged(MnistError):
    """The object was overwritten since it was listed."""


class Unsupported(MnistError):
    """The store does not know this kind of request."""


class Unavailable(MnistError):
    """A service did not answer; trying again may help."""
