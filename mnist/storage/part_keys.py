"""Where the parts of batches lie: in the folders of today, and in those that 0.1.0 wrote."""

from functools import cached_property

from mnist.keys import SCORES, part_key, scores_prefix, segment
from mnist.storage.bucket import Bucket

_OLD = f"{SCORES}batch="


class PartKeys:
    """The keys of parts in the results bucket.

    Until 0.1.0 the folder of a batch was `scores/batch=NAME/`. Nobody writes there any more, so
    which of these there are is looked up once; without any, a look costs what it cost before.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def of(self, batch: str) -> list[str]:
        """Name the parts of a batch, in order."""
        old = f"{_OLD}{segment(batch)}/"
        prefixes = [scores_prefix(batch), *([old] if old in self._old_folders else [])]
        pages = (page for prefix in prefixes for page in self._bucket.versions(prefix))
        return sorted(version.key for page in pages for version in page)

    def of_chunk(self, batch: str, chunk: str) -> list[str]:
        """Name the keys under which the part of a chunk may lie."""
        old = f"{_OLD}{segment(batch)}/"
        keys = [f"{old}{chunk}.parquet"] if old in self._old_folders else []
        return [part_key(batch, chunk), *keys]

    @cached_property
    def _old_folders(self) -> frozenset[str]:
        first = self._bucket.key_after(SCORES, _OLD)
        if first is None or not first.startswith(_OLD):
            return frozenset()
        folders, _ = self._bucket.folders(SCORES)
        names = (f"{folder.removesuffix('/')}/" for folder in folders)
        return frozenset(name for name in names if name.startswith(_OLD))
