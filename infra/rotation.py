"""The keys of the local stack: which there are, who is given them, and new values for them.

A key is rotated by writing a new value into `.local/env` and starting anew who is given it
(`Stack.rotate`): every server takes its keys from there at each start, and PostgreSQL is told.
"""

import secrets
from collections.abc import Mapping

from infra import environment
from infra.database_passwords import URL_VARIABLES, new_addresses, with_passwords
from infra.identities import IDENTITIES
from infra.services import SECRETS
from mnist.errors import InvalidInput

ALL = "all"

NOT_OURS = frozenset({"NOTIFY_URL", "MNIST_WEBHOOK_URL", "MNIST_WEBHOOK_SECRET"})
"""Secrets that somebody else gave us or has to be given: change the line, then `make up`."""

FOLLOWING = frozenset({"PREFECT_SERVER_API_AUTH_STRING", "WEED_NOTIFICATION_WEBHOOK_BEARER_TOKEN"})
"""Variables that repeat a key for the server that asks for it."""

_OPERATOR = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_API_KEY = "MNIST_API_KEY"
_PREFECT = "PREFECT_API_AUTH_STRING"


def keys(variables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Name each key that can be rotated, with the variables that hold it.

    The API's key and the databases' passwords are among them where the stack uses them.
    """
    pairs = {"operator": _OPERATOR} | {
        identity.name: identity.key_variables for identity in IDENTITIES
    }
    unused = {*URL_VARIABLES, _API_KEY} - with_passwords(variables).keys()
    unused -= {_API_KEY} if variables.get(_API_KEY) else set()
    others = SECRETS.difference(*pairs.values(), NOT_OURS, FOLLOWING, unused)
    return pairs | {name: (name,) for name in sorted(others)}


def new_values(key: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Make the new values of a key, by variable.

    Args:
        key: One of `keys`, a variable that holds one, or ALL.
        variables: Of the stack, as they are now.

    Raises:
        InvalidInput: If there is no such key.
    """
    held = keys(variables)
    chosen = [names for name, names in held.items() if key in {ALL, name, *names}]
    names = {name for group in chosen for name in group}
    if not names:
        raise InvalidInput(f"There is no key {key!r}; there are {', '.join([*held, ALL])}.")
    login = variables[_PREFECT].partition(":")[0]
    fresh = environment.new_secrets() | {
        _API_KEY: secrets.token_urlsafe(24),
        _PREFECT: f"{login}:{secrets.token_urlsafe(24)}",
    }
    databases = new_addresses(names, variables)
    return {name: fresh[name] for name in names - databases.keys()} | databases
