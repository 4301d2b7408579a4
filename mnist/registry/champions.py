"""Who is champion: what the journal says, whatever the alias says.

An alias can be moved by hand, in MLflow's pages; a promotion cannot be forged there. So a version
scores only if an entry of the journal made it champion.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from mnist.errors import AccessDenied, IntegrityError, InvalidInput, NoChampion, Remedy
from mnist.registry.rest import CHAMPION, MlflowRest
from mnist.storage.journal import Journal, JournalEntry
from mnist.storage.object_log import number_of

_UNDER_WAY = timedelta(seconds=30)
"""So long after its entry a promotion may be about to move the alias."""

_log = structlog.get_logger(__name__)


class Champions:
    """The champion of one registered model.

    Args:
        rest: The MLflow server.
        model: Name of the registered model.
        journal: Who became champion.
    """

    def __init__(self, rest: MlflowRest, model: str, journal: Journal) -> None:
        self._rest = rest
        self._model = model
        self._journal = journal
        self._logged: str | None = None

    def record(self) -> dict[str, Any]:
        """Return MLflow's record of the version that the journal made champion.

        Costs one listing of the journal, and one request to MLflow where the alias agrees.

        Raises:
            NoChampion: If the journal made nothing champion, whatever the alias says.
            IntegrityError: If the version was deleted in MLflow; or if a later entry is damaged
                and the alias names another version, so that nobody can say which is champion.
        """
        aliased = self._aliased()
        alias = str(aliased["version"]) if aliased else None
        entries = self._journal.log.entries()
        moves = [entry for entry in entries if entry.moves]
        recorded = moves[-1].to_version if moves else None
        if aliased is not None and alias == recorded:
            self._logged = None
            return aliased
        since = moves[-1].sequence if moves else 0
        damaged = [key for key in entries.unreadable if number_of(key) > since]
        if alias is not None and damaged:
            raise _unknown(damaged, recorded, alias)
        if recorded is None:
            raise _none(self._model, alias)
        self._log(difference(alias, moves))
        return self._version(recorded)

    def difference(self) -> str | None:
        """Say so if alias and journal name different champions, and what to do."""
        aliased = self._aliased()
        alias = str(aliased["version"]) if aliased else None
        return difference(alias, self._journal.entries())

    def _aliased(self) -> dict[str, Any] | None:
        try:
            return self._rest.aliased(self._model, CHAMPION)
        except AccessDenied:
            # To a user with few rights MLflow says so of a model that is not registered, too.
            if self._journal.champion() is not None:
                raise
            return None

    def _version(self, version: str) -> dict[str, Any]:
        try:
            return self._rest.version(self._model, version)
        except InvalidInput as error:
            raise IntegrityError(
                f"Version {version} of {self._model!r} is champion, but MLflow has no such version "
                "any more: it was deleted. Images wait until another one is champion.",
                Remedy("rollback", {"who": "...", "why": "..."}),
            ) from error

    def _log(self, text: str | None) -> None:
        if text is not None and text != self._logged:
            _log.warning("champion.alias-differs", problem=text)
        self._logged = text


def difference(alias: str | None, entries: Sequence[JournalEntry]) -> str | None:
    """Say so if alias and journal name different champions, and what to do.

    Args:
        alias: Version that the alias names; None if it names none.
        entries: Of the journal, the oldest first.
    """
    moves = [entry for entry in entries if entry.moves]
    recorded = moves[-1].to_version if moves else None
    if alias == recorded or (moves and datetime.now(UTC) - moves[-1].at < _UNDER_WAY):
        return None
    scores = f"version {recorded} scores" if recorded else "nothing scores"
    to_keep = f"`promote` version {recorded} to set the alias back" if recorded else ""
    to_take = f"`promote` version {alias} to make it champion" if alias else ""
    return (
        f"The alias names version {alias or 'none'} as champion and the journal version "
        f"{recorded or 'none'}: the journal counts, so {scores}. Somebody moved the alias by hand: "
        f"{', or '.join(filter(None, [to_take, to_keep]))}."
    )


def _none(model: str, alias: str | None) -> NoChampion:
    if alias is None:
        return NoChampion(
            f"Nothing was promoted yet: the journal of model {model!r} makes no version champion.",
            Remedy("retrain"),
        )
    return NoChampion(
        f"The alias of model {model!r} names version {alias} as champion, but the journal makes no "
        "version champion, so nothing was promoted: it was set by hand, or the journal is lost.",
        Remedy("promote", {"version": alias, "who": "...", "why": "..."}),
    )


def _unknown(damaged: Sequence[str], recorded: str | None, alias: str) -> IntegrityError:
    return IntegrityError(
        f"Nobody can say which version is champion: {', '.join(damaged)} cannot be parsed, the "
        f"alias names version {alias}, and the entries before made version {recorded or 'none'} "
        "champion. Restore the entry from a backup, or promote the version that is right.",
        Remedy("promote", {"version": "...", "who": "...", "why": "..."}),
    )
