"""Which images of a labelled set can be imported, decided one after the other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from mnist.data.digests import Digests, pixel_digests, short_digests
from mnist.data.label_lists import digit_of
from mnist.data.near_duplicates import TestImages
from mnist.data.set_report import SetFinding, SetReport
from mnist.data.set_uses import Use, other_use, use_of_content
from mnist.digits import SIDE
from mnist.images import Rejection
from mnist.storage.set_entries import DecodedEntry, SetEntry, missing
from mnist.storage.set_writer import SetImage, SetWriter

_LONGEST_TEXT = 1_000


class SetChecks:
    """Looks at the images of one set in turn, and keeps its report.

    What it remembers of an image is the digest of its pixels and its label.

    Attributes:
        report: What was found so far.
        two_labels: Digests of pixels that have two labels; the first image of each is among those
            that were kept.

    Args:
        use: What the set is for.
        writers: Writer -> use, if the set is split.
        test: Images that are never learned from nor evaluated on a second time.
        earlier: Use -> digests of contents and pixels of every image that ever had it, sorted.
    """

    def __init__(
        self,
        use: Use,
        writers: Mapping[str, Use],
        test: TestImages,
        earlier: Mapping[Use, Digests],
    ) -> None:
        self.report = SetReport()
        self.two_labels: set[int] = set()
        self._use = use
        self._writers = writers
        self._test = test
        self._earlier = earlier
        self._labels: dict[int, int] = {}

    def look(
        self, entries: Sequence[SetEntry], decoded: Sequence[DecodedEntry | Rejection | None]
    ) -> list[SetImage]:
        """Look at some entries and what came of their files; return those that are kept."""
        self.report.listed += len(entries)
        images: list[SetImage] = []
        for entry, result in zip(entries, decoded, strict=True):
            if isinstance(result, DecodedEntry):
                image = self._image(entry, result)
                if image is not None:
                    images.append(image)
            elif isinstance(result, Rejection):
                detail = f"{result.reason.value}: {result.detail}"
                self.report.leave_out(SetFinding.UNREADABLE, _text(entry.file), detail)
            else:
                finding, detail = missing(entry)
                self.report.leave_out(finding, _text(entry.file), detail)
        return self._keep(images)

    def without_two_labels(self, staged: SetWriter, sound: SetWriter) -> SetWriter:
        """Write what was kept once more, without images that turned out to have two labels."""
        pairs = zip(staged.files("pixels"), staged.files("files"), strict=True)
        for (pixels_file, _), (contents_file, _) in pairs:
            pixels, contents = pq.ParquetFile(pixels_file), pq.ParquetFile(contents_file)
            for group in range(pixels.num_row_groups):
                rows = pixels.read_row_group(group).to_pylist()
                files = contents.read_row_group(group).column("bytes").to_pylist()
                sound.write(
                    image for image in map(_stored, rows, files) if not self._has_two_labels(image)
                )
        sound.close()
        return sound

    def _has_two_labels(self, image: SetImage) -> bool:
        (digest,) = short_digests([image.pixels_sha256]).tolist()
        if digest not in self.two_labels:
            return False
        self.report.images[image.use][image.label] -= 1
        self.report.leave_out(SetFinding.TWO_LABELS, image.file, f"{image.label} here")
        return True

    def _image(self, entry: SetEntry, result: DecodedEntry) -> SetImage | None:
        label = digit_of(entry.label)
        if label is None:
            raise AssertionError("an entry without a digit was decoded")
        asked = entry.use.strip().lower() or self._use.value
        if asked not in {*Use}:
            self.report.leave_out(SetFinding.UNKNOWN_USE, _text(entry.file), repr(entry.use))
            return None
        image = SetImage(
            file=_text(entry.file),
            label=label,
            kind=_text(entry.kind),
            writer=_text(entry.writer),
            use=Use(asked),
            content=result.content,
            pixels=result.pixels,
        )
        if image.use is not Use.SPLIT:
            return image
        return image.for_use(
            self._writers.get(entry.writer) or use_of_content(image.content_sha256)
        )

    def _keep(self, images: Sequence[SetImage]) -> list[SetImage]:
        if not images:
            return []
        pixels = np.stack([image.pixels for image in images])
        digests = pixel_digests(pixels)
        contents = short_digests(image.content_sha256 for image in images)
        tested = self._test.similar(pixels)
        had = {
            use: np.isin(digests, digests_of_use) | np.isin(contents, digests_of_use)
            for use, digests_of_use in self._earlier.items()
        }
        kept = []
        for row, (image, digest) in enumerate(zip(images, digests.tolist(), strict=True)):
            taken = image
            if self._use is Use.SPLIT and had[other_use(image.use)][row]:
                taken = image.for_use(other_use(image.use))  # it keeps the side it has had
            if tested[row]:
                self.report.leave_out(SetFinding.TEST_IMAGE, image.file)
            elif had[other_use(taken.use)][row]:
                self.report.leave_out(
                    SetFinding.OTHER_USE, image.file, f"to {other_use(taken.use).value}"
                )
            elif self._is_first(taken, digest):
                self.report.images[taken.use][taken.label] += 1
                kept.append(taken)
        return kept

    def _is_first(self, image: SetImage, digest: int) -> bool:
        """Tell whether an image is new in the set; if not, count it as what it is."""
        before = self._labels.get(digest)
        if before is None:
            self._labels[digest] = image.label
            return True
        if digest in self.two_labels or before != image.label:
            self.two_labels.add(digest)
            detail = f"{image.label} here, {before} elsewhere"
            self.report.leave_out(SetFinding.TWO_LABELS, image.file, detail)
        else:
            self.report.leave_out(SetFinding.REPEATED, image.file)
        return False


def _stored(row: Mapping[str, Any], content: bytes) -> SetImage:
    return SetImage(
        file=str(row["file"]),
        label=int(str(row["label"])),
        kind=str(row["kind"]),
        writer=str(row["writer"]),
        use=Use(str(row["use"])),
        content=content,
        pixels=np.frombuffer(bytes(row["pixels"]), np.uint8).reshape(SIDE, SIDE),
    )


def _text(text: str) -> str:
    """Make a name one that can be stored, whatever bytes it had on a disk."""
    return text.encode("utf-8", "replace").decode()[:_LONGEST_TEXT]
