"""From reviews to labelled images that a training can learn from, and what came of them."""

import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from mnist.data.labelled import LabelledImages
from mnist.data.reviewed import ReviewedLabels
from mnist.data.wrong_labels import WrongLabels
from mnist.digits import SIDE, Image, Images, PredictProbabilities
from mnist.digits import Labels as DigitLabels
from mnist.errors import AccessDenied, IntegrityError, NoChampion, ObjectChanged, ObjectGone
from mnist.images import Decoded, Limits, Rejection, decode
from mnist.keys import ObjectVersion
from mnist.operations.gates import Judgement
from mnist.parts import Parts
from mnist.places import layout_place, page_place
from mnist.promotion.reviewed import reviewed_changes
from mnist.reviews.agreement import Consensus
from mnist.reviews.trust import Labels, trusted_labels
from mnist.reviews.verdict import wrong_training_labels

GONE = "image deleted, overwritten or locked since"
UNREADABLE = "no digit could be found in the image"
OPEN = "not agreed on yet"
AUDITED = "audited: what measures a model is never learned from"
CUT_OTHERWISE = "value whose digits cannot be told apart as they were when people looked"
NO_DIGIT = "agreed to show no digit, or an uncertain one"


class Relabelling:
    """Reviewed labels on their way into the next training."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def labels(self) -> Labels:
        """Sum up what people have said."""
        return trusted_labels(
            list(self._parts.reviews.recorded()), self._parts.settings.reviews_needed
        )

    def reviewed_labels(self) -> ReviewedLabels:
        """Fetch and decode every image whose digit was agreed on, as scoring would.

        An image counts only if it still has the content that people looked at.
        """
        labels = self.labels()
        agreed = [label for label in labels.agreed if not label.was_audited]
        left_out = Counter({OPEN: labels.open, NO_DIGIT: labels.without_digit})
        values = [label for label in labels.values if not label.was_audited]
        left_out[AUDITED] = len(labels.agreed) - len(agreed) + len(labels.values) - len(values)
        with ThreadPoolExecutor(self._parts.settings.read_threads) as pool:
            images = [
                *zip(agreed, pool.map(self._image, agreed), strict=True),
                *zip(values, pool.map(self._value_images, values), strict=True),
            ]
        kept = [
            (label, image, digit)
            for label, digits in images
            if not isinstance(digits, str)
            for image, digit in digits
        ]
        left_out.update(why for _, why in images if isinstance(why, str))
        return ReviewedLabels(
            LabelledImages(
                np.array([image for _, image, _ in kept], np.uint8).reshape(-1, SIDE, SIDE),
                np.array([digit for _, _, digit in kept], np.int64),
            ),
            keys=tuple(label.versions[0].key for label, _, _ in kept),
            reviewers=tuple(label.supporters for label, _, _ in kept),
            left_out={why: count for why, count in left_out.items() if count},
        )

    def wrong_labels(self) -> WrongLabels:
        """Gather the labels of training images that people found wrong."""
        return WrongLabels(wrong_training_labels(self._parts.verdicts.recorded()))

    def explain(
        self, judgement: Judgement, predict: PredictProbabilities, reviewed: ReviewedLabels
    ) -> Judgement:
        """Add to a judgement what reviewed labels were used and what they changed.

        Args:
            judgement: What the gates say; reviewed images have no part in it.
            predict: The candidate's scoring graph.
            reviewed: What it has learnt from.
        """
        if not reviewed.images.n and not reviewed.left_out:
            return judgement
        images = reviewed.images.images
        champion_digits = self._champion_digits(judgement.champion, images)
        evidence = {
            "sentence": reviewed.sentence,
            "by_reviewer": reviewed.by_reviewer,
            "left_out": dict(reviewed.left_out),
            "doubtful": [record.name for record in self.labels().records if record.doubtful],
            "changes": reviewed_changes(
                reviewed.images.labels,
                reviewed.keys,
                _digits(predict, images),
                champion_digits,
            ),
        }
        decision = judgement.decision
        decision = replace(decision, evidence={**decision.evidence, "reviewed": evidence})
        return replace(judgement, decision=decision)

    def _champion_digits(self, version: str | None, images: Images) -> DigitLabels | None:
        if version is None:
            return None
        try:
            registry = self._parts.registry
            predictor = registry.predictor(registry.version(version))
        except (IntegrityError, NoChampion):
            return None  # the judgement says so already
        return _digits(predictor.predict, images)

    def _image(self, label: Consensus) -> list[tuple[Image, int]] | str:
        """Decode the first copy of an image that is still there, or say why there is none."""
        for version in label.versions:
            try:
                result = self._decode(version, label.sha256)
            except (ObjectGone, ObjectChanged, AccessDenied):
                continue
            if not isinstance(result, Decoded):
                return UNREADABLE
            digit = label.answer.digit if label.answer is not None else None
            return UNREADABLE if digit is None else [(result.pixels, digit)]
        return GONE

    def _value_images(self, label: Consensus) -> list[tuple[Image, int]] | str:
        """Cut out the digits of a value that people agreed on, or say why they are no labels.

        They are if the value has as many digits as somebody has cut out of it, or else as the
        model had found in it.
        """
        digits = [int(sign) for sign in label.value or "" if sign.isdecimal()]
        by_hand = sorted(label.reviews, key=lambda review: not review.cuts)
        for review in by_hand:
            if not review.cuts and len(review.boxes) != len(digits):
                continue
            try:
                place = self._parts.inbox.cut_out(review.version)
            except (ObjectGone, ObjectChanged, AccessDenied):
                continue
            if review.cuts:
                images = place.images_between(review.cuts)
            else:
                images = place.images_in(review.boxes) or []
            if len(images) == len(digits):
                return list(zip(images, digits, strict=True))
        return CUT_OTHERWISE

    def _decode(self, version: ObjectVersion, sha256: str) -> Decoded | Rejection:
        """Decode an object version that has the content that people looked at.

        Raises:
            ObjectChanged: If it has another one.
        """
        if layout_place(version) is not None:  # whose etag names all that it is made of
            return self._parts.inbox.decode(version)
        content = self._parts.inbox.fetch(version)
        is_other = hashlib.sha256(content).hexdigest() != sha256
        if is_other and page_place(version) is None:  # how a page is drawn may change
            raise ObjectChanged(f"{version.key} is not what was looked at.")
        return decode(content, Limits.of(self._parts.settings))


def _digits(predict: PredictProbabilities, images: Images) -> DigitLabels:
    if not len(images):
        return np.zeros(0, np.int64)
    return np.asarray(predict(images).argmax(axis=1), np.int64)
