"""Importing a labelled set: everything is looked at first, then all of it is stored or nothing."""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from mnist.data.datasets import load_dataset
from mnist.data.near_duplicates import TestImages
from mnist.data.set_report import SetReport
from mnist.data.set_uses import Use, assign_writers
from mnist.errors import InvalidInput
from mnist.images import Limits, preprocessing_digest
from mnist.operations.set_checks import SetChecks
from mnist.parts import Parts
from mnist.storage.set_entries import SetEntry, decode_entry, entries_of, images_of_writers, located
from mnist.storage.set_sources import SetSource, opened
from mnist.storage.set_writer import SetWriter
from mnist.storage.stored_sets import SetManifest, import_folder, new_import_id
from mnist.storage.zip_directory import ZipLimits

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_AT_ONCE = 256


class Importing:
    """Brings labelled sets of one's own into the store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._limits = Limits.of(parts.settings)

    def run(
        self,
        place: str,
        name: str,
        use: Use,
        who: str,
        *,
        max_left_out: float = 0.05,
        only_report: bool = False,
        progress: Callable[[int], None] = lambda _images: None,
    ) -> tuple[SetReport, SetManifest | None]:
        """Look at every image of a set, and import the set unless there is too much amiss.

        Args:
            place: A folder or zip archive of this machine, or `s3://BUCKET/PREFIX`.
            name: Of the set; a set of that name that was imported before is replaced.
            use: What it is for.
            who: Who vouches for its labels.
            max_left_out: Largest share of the images that may be left out, 0-1.
            only_report: Whether nothing is imported, whatever is found.
            progress: Hears how many images were looked at.

        Returns:
            The report, and the manifest; None if the set was not imported.

        Raises:
            InvalidDataset: If the place is none or holds no labelled set.
            InvalidInput: If the name can be none of a set, or nobody vouches for it.
        """
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"{name!r} cannot be the name of a labelled set; use up to 100 letters, digits, "
                "'.', '_' and '-', with a letter or digit first."
            )
        if not who.strip():
            raise InvalidInput("Nobody vouches for the labels of this set; say who.")
        zip_limits = ZipLimits(
            max_members=self._settings.max_zip_members, max_ratio=self._settings.max_zip_ratio
        )
        with (
            opened(place, self._parts.bucket, self._limits, zip_limits) as source,
            TemporaryDirectory(prefix="import-set-") as folder,
        ):
            top, has_list = located(source, place)
            writers = self._writers(name, use, images_of_writers(top, has_list, place))
            checks = self._checks(use, writers)
            kept = self._look(top, entries_of(top, has_list, place), checks, Path(folder), progress)
            checks.report.judge(name, max_left_out)
            if checks.report.refusals or only_report:
                return checks.report, None
            manifest = self._store(kept, name, use, who.strip(), place, writers, checks.report)
        return checks.report, manifest

    def _writers(self, name: str, use: Use, images: Mapping[str, int]) -> dict[str, Use]:
        """Say on which side each writer is, if the set is split."""
        if use is not Use.SPLIT:
            return {}
        earlier = self._parts.stored_sets.current().get(name)
        return assign_writers(images, earlier.writers if earlier else {})

    def _checks(self, use: Use, writers: Mapping[str, Use]) -> SetChecks:
        dataset = load_dataset(self._settings.data_dir, fallback=self._settings.fallback_digits)
        sets = self._parts.stored_sets
        return SetChecks(
            use,
            writers,
            TestImages(dataset.test.images),
            earlier={side: sets.digests_of(side) for side in (Use.TRAIN, Use.EVALUATE)},
        )

    def _look(
        self,
        source: SetSource,
        entries: Iterator[SetEntry],
        checks: SetChecks,
        folder: Path,
        progress: Callable[[int], None],
    ) -> SetWriter:
        """Decode and check every image, and write those that are kept to the disk."""
        staged = folder / "staged"
        staged.mkdir()
        writer = SetWriter(staged)
        with ThreadPoolExecutor(self._settings.read_threads) as pool:
            while some := list(islice(entries, _AT_ONCE)):
                decoded = list(pool.map(lambda e: decode_entry(source, e, self._limits), some))
                writer.write(checks.look(some, decoded))
                progress(checks.report.listed)
        writer.close()
        if not checks.two_labels:
            return writer
        sound = folder / "sound"
        sound.mkdir()
        return checks.without_two_labels(writer, SetWriter(sound))

    def _store(
        self,
        kept: SetWriter,
        name: str,
        use: Use,
        who: str,
        place: str,
        writers: dict[str, Use],
        report: SetReport,
    ) -> SetManifest:
        at = datetime.now(UTC)
        import_id = new_import_id(at, secrets.token_hex(4))
        prefix, sets = import_folder(name, import_id), self._parts.stored_sets
        pixels, files = (
            [sets.upload(prefix + path.name, path, count) for path, count in kept.files(kind)]
            for kind in ("pixels", "files")
        )
        digests = sets.upload(f"{prefix}digests.parquet", kept.digests_file, sum(kept.counts))
        manifest = SetManifest(
            name=name,
            id=import_id,
            at=at,
            who=who,
            source=place,
            use=use,
            writers=writers,
            preprocessing=preprocessing_digest(),
            report=report,
            pixels=pixels,
            files=files,
            digests=digests,
        )
        sets.record(manifest)
        return manifest
