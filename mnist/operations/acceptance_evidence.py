"""What speaks for and against a version's confidences: audits, and labelled sets of one's own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from mnist.acceptance.sources import source_of
from mnist.acceptance.thresholds import JudgedPredictions, judged_predictions
from mnist.errors import AccessDenied, ObjectChanged, ObjectGone
from mnist.images import Decoded
from mnist.keys import batch_of
from mnist.layouts import CheckResult
from mnist.operations.set_images import SetImages
from mnist.parts import Parts
from mnist.reviews.agreement import Consensus
from mnist.reviews.audits import Audits, is_wrong
from mnist.scoring.graphs import Predictor
from mnist.scoring.place_predictions import predict_place
from mnist.scoring.predictions import PinnedModel, Predict


class AcceptanceEvidence:
    """Holds predictions of any version against what people found, source by source."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def of_digits(self, model: PinnedModel, audits: Audits) -> tuple[list[JudgedPredictions], int]:
        """Hold a version's predictions against what people found, source by source.

        Only images count that were chosen without regard to what a model predicts for them: audits
        and whole labelled sets. Reviews of doubtful images are not a sample of all.

        Returns:
            The evidence, and how many audited images this version cannot be asked about: another
            one predicted them, and they are gone.
        """
        predict = self._parts.registry.predictor(model).outputs
        evidence, gone = self._by_source(audits.images, lambda i: self.audited(i, model, predict))
        return [*evidence, *self._labelled_sets(model, predict)], gone

    def of_values(self, model: PinnedModel, audits: Audits) -> tuple[list[JudgedPredictions], int]:
        """Hold the values that a version predicts against what people found; see `of_digits`."""
        if not audits.values:
            return [], 0
        predictor = self._parts.registry.predictor(model)
        return self._by_source(
            audits.values, lambda place: self.audited_value(place, model, predictor)
        )

    def _by_source(
        self, audited: Sequence[Consensus], judge: Callable[[Consensus], tuple[float, bool] | None]
    ) -> tuple[list[JudgedPredictions], int]:
        """Judge what was audited, and count what nobody can be asked about any more."""
        with ThreadPoolExecutor(self._parts.settings.read_threads) as pool:
            answers = list(pool.map(judge, audited))
        by_source: dict[str, list[tuple[float, bool]]] = {}
        for image, judged in zip(audited, answers, strict=True):
            if judged is not None:
                batch = batch_of(image.versions[0].key)
                source = source_of(batch, self._parts.settings.acceptance_sources)
                by_source.setdefault(source, []).append(judged)
        evidence = [
            JudgedPredictions(
                source,
                np.array([confidence for confidence, _ in judged]),
                np.array([wrong for _, wrong in judged], bool),
            )
            for source, judged in by_source.items()
        ]
        return evidence, sum(one is None for one in answers)

    def audited(
        self, image: Consensus, model: PinnedModel, predict: Predict
    ) -> tuple[float, bool] | None:
        """Say how sure this version is of an audited image, and whether it is wrong.

        What another version predicted says nothing about this one, so the image is predicted anew;
        None if it is gone.
        """
        first = image.reviews[0]
        if first.model_version == model.version and first.confidence is not None:
            return first.confidence, is_wrong(image, first.predicted)
        for version in image.versions:
            try:
                result = self._parts.inbox.decode(version)
            except (ObjectGone, ObjectChanged, AccessDenied):
                continue
            if isinstance(result, Decoded):
                probabilities = predict(result.pixels[None]).probabilities[0]
                return float(probabilities.max()), is_wrong(image, str(probabilities.argmax()))
        return None

    def audited_value(
        self, place: Consensus, model: PinnedModel, predictor: Predictor
    ) -> tuple[float, bool] | None:
        """Say how sure this version is of an audited value, and whether it is wrong; see `audited`.

        A value that it would not accept whatever its confidence gets the confidence 0.
        """
        first = place.reviews[0]
        if first.model_version == model.version and first.confidence is not None:
            return first.confidence, is_wrong(place, first.predicted)
        for version in place.versions:
            try:
                cut = self._parts.inbox.cut_out(version).cut
            except (ObjectGone, ObjectChanged, AccessDenied):
                continue
            predicted = predict_place(cut, model, predictor.outputs, predictor.predict_line)
            doubtful = predicted.warnings or predicted.check is CheckResult.FAILED
            confidence = 0.0 if doubtful else predicted.value_confidence
            return confidence, is_wrong(place, predicted.value)
        return None

    def _labelled_sets(self, model: PinnedModel, predict: Predict) -> list[JudgedPredictions]:
        """Take the sets of one's own as evidence about sources of their names."""
        sets = SetImages(self._parts).to_evaluate()
        whole = {name: images for name, images in sets.items() if "/" not in name}
        evidence = []
        for name, images in whole.items():
            outputs = predict(images.images)
            eligible = ~(outputs.ood_scores > model.ood_threshold)
            if eligible.any():
                probabilities = outputs.probabilities[eligible]
                labels = images.labels[eligible]
                evidence.append(judged_predictions(probabilities, labels, f"{name}/"))
        return evidence
