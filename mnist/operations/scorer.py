"""Scoring a chunk of the inbox with the version it is pinned to, whoever keeps the rows."""

from mnist.images import Limits
from mnist.parts import Parts
from mnist.scoring.chunks import Chunk, ScoredChunk, score_chunk


def score(parts: Parts, chunk: Chunk) -> ScoredChunk:
    """Fetch, decode and predict every object version of a chunk; records nothing.

    Raises:
        IntegrityError: If the scoring graph is not the one that was registered.
    """
    return score_chunk(
        chunk,
        fetch=parts.inbox.fetch_many,
        predict=parts.registry.predictor(chunk.model).outputs,
        threads=parts.settings.read_threads,
        limits=Limits.of(parts.settings),
    )
