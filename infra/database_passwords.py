"""New passwords for the roles of PostgreSQL that the servers log in as, where they use it."""

import secrets
from collections.abc import Iterator, Mapping, Set
from contextlib import ExitStack, closing, contextmanager

import psycopg2
from psycopg2.extensions import encrypt_password
from sqlalchemy.engine import URL, make_url

from mnist.errors import Unavailable

URL_VARIABLES = (
    "MLFLOW_BACKEND_STORE_URI",
    "MLFLOW_USERS_DATABASE_URI",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL",
)

_CONNECT_SECONDS = 10


def with_passwords(variables: Mapping[str, str]) -> dict[str, URL]:
    """Give the addresses of databases that have a password in them, by variable."""
    urls = {name: make_url(variables[name]) for name in URL_VARIABLES if variables.get(name)}
    return {name: url for name, url in urls.items() if url.password}


def new_addresses(names: Set[str], variables: Mapping[str, str]) -> dict[str, str]:
    """Give addresses with new passwords, for these variables and others of the same roles."""
    urls = with_passwords(variables)
    passwords = {_role(urls[name]): secrets.token_urlsafe(24) for name in names & urls.keys()}
    return {
        name: url.set(password=passwords[_role(url)]).render_as_string(hide_password=False)
        for name, url in urls.items()
        if _role(url) in passwords
    }


@contextmanager
def passwords_told(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[None]:
    """Give the roles their new passwords at the end of the block, and only if it succeeds.

    Args:
        old: Variables of the stack, as they were.
        new: Those that change.

    Raises:
        Unavailable: If PostgreSQL does not answer or refuses; no password has changed then.
    """
    before, after = with_passwords(old), with_passwords(new)
    roles = {_role(before[name]): name for name in before.keys() & after.keys()}
    with ExitStack() as connections:
        try:
            altered = [
                connections.enter_context(closing(_alter(before[name], after[name])))
                for name in roles.values()
            ]
        except psycopg2.Error as error:
            raise Unavailable(
                f"PostgreSQL did not take a new password ({error}); no key was changed."
            ) from error
        yield
        for connection in altered:
            connection.commit()


def _alter(before: URL, after: URL) -> psycopg2.extensions.connection:
    """Change the password of a role in a transaction that is still open; the server sees a hash."""
    connection = psycopg2.connect(
        host=before.host or before.query.get("host"),
        port=before.port,
        user=before.username,
        password=before.password,
        dbname=before.database,
        connect_timeout=_CONNECT_SECONDS,
    )
    hashed = encrypt_password(str(after.password), str(before.username), scope=connection)
    with connection.cursor() as cursor:
        cursor.execute("ALTER ROLE CURRENT_USER PASSWORD %s", (hashed,))
    return connection


def _role(url: URL) -> tuple[object, ...]:
    return url.host, url.port, url.username
