"""The model that answers: whichever version the journal made champion last."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog

from mnist.captured import DEFAULT_CLIENT, source_of_client
from mnist.digits import SIDE
from mnist.errors import MnistError, NoChampion
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.storage.acceptance import AcceptanceEntry, AcceptanceLog

_log = structlog.get_logger(__name__)


class Registry(Protocol):
    """What is asked of a registry: `mnist.registry.reader.RegistryReader`, or one for tests."""

    def champion(self) -> PinnedModel:
        """Pin the version that is champion now."""

    def predictor(self, model: PinnedModel) -> Predictor:
        """Load the scoring graph of a version."""


@dataclass(frozen=True, slots=True)
class Served:
    """A version that is loaded and warm. One request uses one of these from start to end.

    Attributes:
        models: The version by client, each with the threshold that holds for its images.
        predictor: Its networks.
    """

    models: Mapping[str, PinnedModel]
    predictor: Predictor

    @property
    def model(self) -> PinnedModel:
        """The version, as it answers clients without a name."""
        return self.models[DEFAULT_CLIENT]


class Champion:
    """Looks every few seconds who is champion and what it may accept; swaps the model.

    That happens between two requests.

    Args:
        registry: Knows the champion.
        acceptance: Knows the thresholds.
        refresh_seconds: Pause between two looks.
        clients: Names that clients may give themselves.

    Attributes:
        served: The version that answers, with the threshold that holds for it now; None until there
            is a champion.
        acceptance: The entry that chose its threshold; None before there is evidence.
        problem: Why the last look failed; None if it did not. The version that was loaded before
            goes on answering.
    """

    def __init__(
        self,
        registry: Registry,
        acceptance: AcceptanceLog,
        refresh_seconds: float,
        clients: Sequence[str] = (),
    ) -> None:
        self._registry = registry
        self._acceptance = acceptance
        self._refresh_seconds = refresh_seconds
        self._clients = (DEFAULT_CLIENT, *clients)
        self.served: Served | None = None
        self.acceptance: AcceptanceEntry | None = None
        self.problem: str | None = None

    async def follow(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(self._refresh_seconds)

    def look(self) -> None:
        """Load the champion if it is another version than the one that answers."""
        try:
            pinned = self._registry.champion()
            self.acceptance = self._acceptance.newest(pinned.digest)
            models = {
                client: self._acceptance.applied(self.acceptance, pinned, source_of_client(client))
                for client in self._clients
            }
            if self.served is None or models != self.served.models:
                predictor = self._registry.predictor(pinned)
                predictor.predict(np.zeros((1, SIDE, SIDE), np.uint8))  # the first call is slow
                self.served = Served(models, predictor)
                _log.info("api.champion", version=pinned.version, digest=pinned.digest)
        except MnistError as error:
            self._complain(error)
        else:
            self.problem = None

    def _complain(self, error: MnistError) -> None:
        """Keep the problem for `/health`, and log it when it is new."""
        if isinstance(error, NoChampion):
            self.served = None
        if str(error) != self.problem:
            _log.warning("api.no-look-at-the-champion", error=str(error))
        self.problem = str(error)
