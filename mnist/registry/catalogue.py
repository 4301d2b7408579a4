"""Looking things up in the registry for people: the champion, its evaluation, training runs."""

import json
from datetime import UTC

from mnist.digits import CLASSES
from mnist.errors import IntegrityError, InvalidEvaluation, Unavailable
from mnist.evaluation.metrics import Evaluation
from mnist.promotion import Decision
from mnist.registry.champions import Champions
from mnist.registry.records import TrainingRun, Version, VersionDetails, run_of, version_of
from mnist.registry.rest import MlflowRest
from mnist.settings import Settings
from mnist.storage.journal import OVERRIDE, ROLLBACK, Journal, JournalEntry

TEST_PREDICTIONS = "test-predictions.parquet"
"""What a version predicts for each test image: `index`, `label`, `p0` to `p9`."""

LABEL_CHECKS = "label-checks"
"""Kind of the runs that check the labels of training images."""

LABEL_CHECK = "label-check.parquet"
"""A row for each training image: `label`, `source`, `key` of a reviewed one, `sha256` of its
pixels, `p0` to `p9` out of fold, and `pixels` where the label is contradicted."""

LABEL_CHECK_RUN, COMPARISON_RUN = "check-labels-", "compare-models-"
"""What the names of such runs begin with."""

HISTORY = "history.json"
"""One object per epoch: loss and accuracy, in training and validation."""

_EVALUATION = "evaluation.json"
_DECISION = "decision.json"
_OVERRIDE = "decision-override-"
_PROXIED = "mlflow-artifacts:/"


class Catalogue:
    """What the registry holds, read-only.

    Args:
        settings: Where the registry is.
        journal: Who became champion.
    """

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self._experiment_name = settings.experiment_name
        self._model_name = settings.model_name
        self._rest = MlflowRest.of(settings)
        self._page_url = settings.mlflow_page_url
        self._champions = Champions(self._rest, settings.model_name, journal)

    def close(self) -> None:
        """Give back the connections."""
        self._rest.close()

    def champion(self) -> VersionDetails:
        """Describe the version that the journal made champion; see `Champions.record`."""
        return self._with_run(version_of(self._champions.record()))

    def alias_problem(self) -> str | None:
        """Say so if alias and journal name different champions, and what to do."""
        return self._champions.difference()

    def version(self, version: str) -> VersionDetails:
        """Describe a version by its number.

        Raises:
            InvalidInput: If there is no such version.
        """
        return self._with_run(version_of(self._rest.version(self._model_name, version)))

    def versions(self, limit: int) -> list[Version]:
        """List the registered versions, the newest first."""
        answer = self._rest.get(
            "model-versions/search",
            {
                "filter": f"name='{self._model_name}'",
                "max_results": str(limit),
                "order_by": "version_number DESC",
            },
        )
        records = (answer or {}).get("model_versions", [])
        return sorted(map(version_of, records), key=lambda v: int(v.version), reverse=True)

    def file(self, run: TrainingRun, name: str) -> bytes | None:
        """Read a file from the top of a run's artifacts, or None if the run kept none."""
        if not self._has(run, name):
            return None
        return self._rest.artifact(f"{run.artifact_uri.removeprefix(_PROXIED)}/{name}")

    def evaluation(self, run: TrainingRun) -> Evaluation | None:
        """Read what a training run measured on the test images, or None if it kept nothing.

        Raises:
            InvalidEvaluation: If the file is not an evaluation.
        """
        content = self.file(run, _EVALUATION)
        return None if content is None else _evaluation(content, run)

    def decision(self, run: TrainingRun, entry: JournalEntry) -> Decision | None:
        """Read what the gates measured for a decision, or None if the run kept nothing of it.

        Raises:
            IntegrityError: If the file is not a decision.
        """
        name = self._decision_name(run, entry)
        content = None if name is None else self.file(run, name)
        if content is None:
            return None
        try:
            decision = Decision.from_dict(json.loads(content))
        except (ValueError, TypeError, KeyError) as error:
            raise IntegrityError(
                f"{name} of run {run.name!r} is no decision ({error!r}); the journal has its "
                "reasons."
            ) from error
        # A run keeps the decision about its own candidate; the journal may speak of another one.
        is_it = entry.verdict in {OVERRIDE, str(decision.verdict)}
        return decision if is_it else None

    def _decision_name(self, run: TrainingRun, entry: JournalEntry) -> str | None:
        """Name the file; a person's promotion has one of its own, written just before the entry."""
        if entry.verdict == ROLLBACK:
            return None
        if entry.verdict != OVERRIDE:
            return _DECISION
        last = f"{_OVERRIDE}{entry.at.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
        names = [name for name in self._names(run) if name.startswith(_OVERRIDE)]
        return max((n for n in names if n.endswith(".json") and n <= last), default=None)

    def version_url(self, version: str) -> str:
        """Address of a version's page in MLflow."""
        return f"{self._page_url}/#/models/{self._model_name}/versions/{version}"

    def runs(self, limit: int) -> list[TrainingRun]:
        """List the last training runs, the newest first."""
        return self._runs_in(self._experiment_name, limit)

    def comparisons(self, limit: int) -> list[TrainingRun]:
        """List the parent runs of finished comparisons of models, the newest first."""
        query = f"attributes.run_name LIKE '{COMPARISON_RUN}%' and attributes.status = 'FINISHED'"
        return self._runs_in(f"{self._experiment_name}-comparisons", limit, query)

    def label_check(self) -> TrainingRun | None:
        """Find the last finished check of the training images' labels; None if there is none."""
        query = f"attributes.run_name LIKE '{LABEL_CHECK_RUN}%' and attributes.status = 'FINISHED'"
        return next(iter(self._runs_in(f"{self._experiment_name}-{LABEL_CHECKS}", 1, query)), None)

    def _runs_in(self, experiment: str, limit: int, query: str = "") -> list[TrainingRun]:
        answer = self._rest.get("experiments/get-by-name", {"experiment_name": experiment})
        if answer is None:
            return []
        response = self._rest.search(
            "runs/search",
            {
                "experiment_ids": [answer["experiment"]["experiment_id"]],
                "filter": query,
                "max_results": limit,
                "order_by": ["attributes.start_time DESC"],
            },
        )
        return [run_of(record, self._page_url) for record in response.get("runs", [])]

    def _with_run(self, version: Version) -> VersionDetails:
        answer = self._rest.get("runs/get", {"run_id": version.run_id})
        if answer is None:
            raise Unavailable(
                f"MLflow has lost run {version.run_id}, from which version {version.version} of "
                f"{version.name!r} came; restore it, or use another version."
            )
        return VersionDetails(**vars(version), run=run_of(answer["run"], self._page_url))

    def _has(self, run: TrainingRun, path: str) -> bool:
        return path in self._names(run)

    def _names(self, run: TrainingRun) -> list[str]:
        listed = self._rest.get("artifacts/list", {"run_id": run.run_id}) or {}
        return [file["path"] for file in listed.get("files", [])]


def _evaluation(content: bytes, run: TrainingRun) -> Evaluation:
    try:
        values = json.loads(content)
    except ValueError as error:
        raise InvalidEvaluation(
            f"{_EVALUATION} of run {run.name!r} is not JSON ({error}); evaluate the model again."
        ) from error
    evaluation = Evaluation.from_dict(values)
    if {len(evaluation.confusion), *map(len, evaluation.confusion)} != {CLASSES}:
        raise InvalidEvaluation(
            f"The confusion matrix in {_EVALUATION} of run {run.name!r} is not {CLASSES} by "
            f"{CLASSES}; evaluate the model again."
        )
    return evaluation
