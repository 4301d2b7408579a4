"""Scoring a chunk of the inbox with the version it is pinned to, whoever keeps the rows."""

from mnist.images import Limits
from mnist.registry.reader import RegistryReader
from mnist.scoring.chunks import Chunk, ScoredChunk, score_chunk
from mnist.scoring.graphs import Predictor
from mnist.scoring.predictions import PinnedModel
from mnist.settings import Settings
from mnist.storage.inbox import Inbox


class Scorer:
    """Reads from an inbox and predicts with versions of a registry; records nothing."""

    def __init__(self, settings: Settings, inbox: Inbox, registry: RegistryReader) -> None:
        self._threads = settings.read_threads
        self._limits = Limits.of(settings)
        self._inbox = inbox
        self._registry = registry
        self._loaded: Predictor | None = None

    def score(self, chunk: Chunk) -> ScoredChunk:
        """Read, decode and predict every object version of a chunk.

        Raises:
            Unavailable: If the store or the registry does not answer.
            IntegrityError: If the scoring graph is not the one that was registered.
        """
        return score_chunk(
            chunk,
            fetch=self._inbox.fetch_many,
            predict=self._predictor(chunk.model).outputs,
            threads=self._threads,
            limits=self._limits,
        )

    def _predictor(self, model: PinnedModel) -> Predictor:
        """Load the graph of a version, unless it is the one that was used last."""
        loaded = self._loaded
        if loaded is None or loaded.sha256 != model.digest:
            loaded = self._loaded = self._registry.predictor(model)
        return loaded
