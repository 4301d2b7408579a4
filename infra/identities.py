"""Who may do what in the store: one key for each purpose, each with what it needs and no more.

Rights are written as AWS IAM policies, which AWS, SeaweedFS and MinIO understand alike. Nobody but
the operator, whose key is in no policy because it may do everything, may delete what people dropped
or what was made of it; workers may delete what the online API has captured. docs/security.md shows
the table; a test holds it against a real store.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mnist.captured import CAPTURED
from mnist.errors import InvalidInput

BUCKETS = {
    "inbox": "MNIST_INBOX_BUCKET",
    "results": "MNIST_RESULTS_BUCKET",
    "labels": "MNIST_LABELS_BUCKET",
    "datasets": None,
    "mlflow": None,
}
"""What a bucket is for, which is also its name unless the variable beside it gives another."""

_ACTIONS = {
    "list": ["s3:ListBucket", "s3:GetBucketLocation"],
    "read": ["s3:GetObject"],
    "write": ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
    "delete": ["s3:DeleteObject"],
}


@dataclass(frozen=True)
class Grant:
    """A right in one bucket.

    Attributes:
        bucket: One of BUCKETS.
        verbs: Among `list`, `read`, `write` and `delete`.
        prefixes: Beginnings of the keys it is about; listing is always of the whole bucket.
    """

    bucket: str
    verbs: tuple[str, ...]
    prefixes: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Identity:
    """Somebody the store tells from others.

    Attributes:
        name: What it is for.
        grants: Everything it may do.
    """

    name: str
    grants: tuple[Grant, ...] = ()

    @property
    def key_variables(self) -> tuple[str, str]:
        """Variables that hold its access key and its secret key."""
        stem = f"STORE_{self.name.upper()}"
        return f"{stem}_ACCESS_KEY_ID", f"{stem}_SECRET_ACCESS_KEY"

    def keys(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Take its keys out of these variables, under the names that clients read."""
        access, secret = self.key_variables
        return {"AWS_ACCESS_KEY_ID": variables[access], "AWS_SECRET_ACCESS_KEY": variables[secret]}

    def policy(self, buckets: Mapping[str, str]) -> dict[str, Any]:
        """Write its rights as an IAM policy document.

        Args:
            buckets: Purpose to name, as `bucket_names` gives it.
        """
        statements = []
        for grant in self.grants:
            arn = f"arn:aws:s3:::{buckets[grant.bucket]}"
            for verb in grant.verbs:
                of_objects = [f"{arn}/{prefix}*" for prefix in grant.prefixes]
                resources = [arn] if verb == "list" else of_objects
                statements.append(
                    {"Effect": "Allow", "Action": _ACTIONS[verb], "Resource": resources}
                )
        return {"Version": "2012-10-17", "Statement": statements}


_LOOK = ("list", "read")

UPLOADER = Identity("uploader", (Grant("inbox", ("list", "write")),))
"""For people and programs that fill the inbox; it reads nothing, not even what it wrote."""

_OF_THE_SCORER = (
    *("scores/", "receipts/", "current/", "deliveries/"),
    *("layouts/", "leases/", "pages/", "probes/"),
)

SCORER = Identity(
    "scorer",
    (
        Grant("inbox", _LOOK),
        Grant("results", _LOOK),
        Grant("results", ("write",), _OF_THE_SCORER),
        Grant("labels", ("list",)),
        Grant("labels", ("read",), ("reviews/",)),
    ),
)
TRAINER = Identity(
    "trainer",
    (
        Grant("inbox", _LOOK),
        Grant("inbox", ("delete",), (CAPTURED,)),
        Grant("labels", _LOOK),
        Grant("labels", ("write",), ("sets/", "set-manifests/")),
        Grant("results", (*_LOOK, "write")),
        Grant("datasets", (*_LOOK, "write")),
    ),
)
"""For workers, which run every deployment: training, promotion, rescoring, scoring by hand, and the
removal of captured images."""

_SAID = ("annotations/", "reviews/", "uploads/", "verdicts/", "views/")

VIEWER = Identity(
    "viewer",
    (
        Grant("inbox", _LOOK),
        Grant("results", _LOOK),
        Grant("results", ("write",), ("audit/", "gate-slices/", "maps/", "verifications/")),
        Grant("labels", _LOOK),
        Grant("labels", ("write",), _SAID),
    ),
)
"""For the dashboard: it reads everything; it writes what people said or had made to look at."""

API = Identity(
    "api",
    (
        Grant("results", ("list",)),
        Grant("results", ("read",), ("journal/", "acceptance/")),
        Grant("inbox", ("write",), (CAPTURED,)),
    ),
)
"""For the online API, whose model comes from MLflow: the journal says which one it is, and the
acceptance log what it may accept. It writes captured images and reads none."""

REGISTRY = Identity("registry", (Grant("mlflow", (*_LOOK, "write", "delete")),))
"""For the MLflow server, which keeps its artifacts in a bucket of its own."""

IDENTITIES = (UPLOADER, SCORER, TRAINER, VIEWER, API, REGISTRY)

SECRETS = tuple(name for identity in IDENTITIES for name in identity.key_variables)
"""Variables with the keys of all of them."""


def named(name: str) -> Identity:
    """Find an identity.

    Raises:
        InvalidInput: If there is none of that name.
    """
    for identity in IDENTITIES:
        if identity.name == name:
            return identity
    names = ", ".join(identity.name for identity in IDENTITIES)
    raise InvalidInput(f"There is no identity {name!r}; there are {names}.")


def new_keys() -> dict[str, str]:
    """Make a fresh pair of keys for each identity, by variable."""
    keys: dict[str, str] = {}
    for identity in IDENTITIES:
        access, secret = identity.key_variables
        keys |= {access: secrets.token_hex(10).upper(), secret: secrets.token_hex(32)}
    return keys


def bucket_names(variables: Mapping[str, str]) -> dict[str, str]:
    """Name the bucket of each purpose in an installation with these variables."""
    return {
        purpose: (variables.get(variable) if variable else None) or purpose
        for purpose, variable in BUCKETS.items()
    }


def store_configuration(buckets: Mapping[str, str]) -> str:
    """Write SeaweedFS's file of identities. It names the variables that hold keys, not the keys."""
    identities: list[dict[str, Any]] = []
    policies: list[dict[str, str]] = []
    for identity in IDENTITIES:
        access, secret = (f"${{{variable}}}" for variable in identity.key_variables)
        entry = {"name": identity.name, "credentials": [{"accessKey": access, "secretKey": secret}]}
        if identity.grants:
            policies.append(
                {"name": identity.name, "content": json.dumps(identity.policy(buckets))}
            )
        identities.append(entry | {"policyNames": [identity.name] if identity.grants else []})
    return json.dumps({"identities": identities, "policies": policies}, indent=2) + "\n"
