"""What is wrong with a running stack, and what to do about it.

Each check asks one question, with the operator's keys, and answers with what is wrong or nothing.
Whatever does not answer is a finding too, so that one dead process hides no other trouble.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from infra import deployments
from infra.champion_checks import alias_problem, canary_problem, source_problem
from infra.identities import IDENTITIES, bucket_names
from infra.prefect_server import prefect_api
from infra.scheduling import find_dask_problem, find_idle_schedules
from infra.services import MLFLOW, PREFECT, STORE
from infra.settings_in_use import is_outdated
from infra.signature_check import find_signature_problem
from infra.stack import Health
from mnist.digits import SIDE
from mnist.errors import MnistError
from mnist.keys import LEASES
from mnist.orchestrator import advice
from mnist.services import Services
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import find_problem
from mnist.storage.lease import LeaseRecord
from mnist.storage.object_log import ObjectLog

_LEAST_FREE_BYTES = 2_000_000_000
_LATE = timedelta(minutes=2)
_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Attributes:
        check: The question.
        problem: What is wrong; None if nothing is.
        remedy: What to do about it.
    """

    check: str
    problem: str | None = None
    remedy: str = ""


@dataclass(frozen=True)
class _Check:
    """A question, what to do about a bad answer, and the processes without which there is none."""

    name: str
    ask: Callable[[], str | None]
    remedy: str
    needs: frozenset[str] = frozenset()


class Doctor:
    """Examines a stack.

    Args:
        root: The checkout.
        directory: Its folder of local state.
        variables: As in `.local/env`.
        processes: What the supervisor says of each process.
    """

    def __init__(
        self, root: Path, directory: Path, variables: Mapping[str, str], processes: list[Health]
    ) -> None:
        self._root = root
        self._directory = directory
        self._variables = variables
        self._processes = processes
        self._settings = Settings.of_variables(variables)
        self._services = Services(self._settings)

    def examine(self) -> Iterator[Finding]:
        """Answer every question, in the order in which a cause comes before its effects."""
        ill = set()
        for health in self._processes:
            name = health.service.name
            yield Finding(
                f"process {name}", health.problem, f"make up; its log: .local/logs/{name}.log"
            )
            if health.problem:
                ill.add(name)
        for check in self._checks():
            if waits_for := ill & check.needs:
                names = " and ".join(sorted(waits_for))
                yield Finding(check.name, f"cannot be told without {names}", "mend that first")
                continue
            try:
                yield Finding(check.name, check.ask(), check.remedy)
            except MnistError as error:  # which says what to do
                yield Finding(check.name, advice(error))

    def _checks(self) -> tuple[_Check, ...]:
        store, mlflow, prefect = (frozenset({s.name}) for s in (STORE, MLFLOW, PREFECT))
        return (
            _Check("disk", self._disk, "free some: docs/operations.md says what may go"),
            _Check("versions", self._versions, "make setup, then make down and make up"),
            _Check("settings in use", self._settings_in_use, "make up starts these anew"),
            _Check("buckets and keys", self._keys, "make down, then make up", store),
            _Check(
                "conditional writes",
                self._conditions,
                "use AWS S3, SeaweedFS or another that infra/README.md names, or do without on a "
                "weaker promise: MNIST_ALLOW_PLAIN_WRITES=true, and never two runs on one batch",
                store,
            ),
            _Check("stray objects", self._strays, "move what is none of ours elsewhere", store),
            _Check(
                "signatures",
                lambda: find_signature_problem(self._services),
                "docs/security.md says what each means",
                store,
            ),
            _Check("leases", self._leases, "set the clocks of all machines by NTP", store),
            _Check(
                "champion",
                self._champion,
                "prefect deployment run 'retrain/default', or rollback",
                store | mlflow,
            ),
            _Check(
                "alias and journal",
                partial(alias_problem, self._services),
                "prefect deployment run 'promote/default'; the journal counts until then",
                store | mlflow,
            ),
            _Check(
                "canary",
                partial(canary_problem, self._services),
                "prefect deployment run 'judge-canary/default'",
                store,
            ),
            _Check(
                "data source of the champion",
                partial(source_problem, self._services),
                "set MNIST_DATA_DIR to MNIST's four files, make up, and train: "
                "prefect deployment run 'retrain/default'",
                store | mlflow,
            ),
            _Check("deployments", self._deployments, "make up registers them", prefect),
            _Check(
                "schedules",
                lambda: find_idle_schedules(prefect_api(self._variables)),
                "its log: .local/logs/prefect.log; make setup, then make down and make up",
                prefect,
            ),
            _Check(
                "dask",
                lambda: find_dask_problem(self._settings.dask_scheduler),
                "start `dask scheduler` and `dask worker`, or unset MNIST_DASK_SCHEDULER",
            ),
            _Check("worker", self._worker, "make up; its log: .local/logs/worker.log", prefect),
            _Check(
                "late runs",
                self._late_runs,
                "look at the worker and its queues in Prefect's pages",
                prefect,
            ),
        )

    def _disk(self) -> str | None:
        free = shutil.disk_usage(self._directory).free
        few = free < _LEAST_FREE_BYTES
        return f"{free / 1e9:.1f} GB are free; SeaweedFS stops writing at 1 %" if few else None

    def _versions(self) -> str | None:
        lock = (self._root / "requirements.lock").read_text()
        locked = dict(re.findall(r"^([\w.-]+)==([^ ;\\]+)", lock, re.M))
        wrong = []
        for package in ("prefect", "mlflow", "keras", "onnxruntime", "obstore", "streamlit"):
            try:
                installed = version(package)
            except PackageNotFoundError:
                installed = "none"
            if installed != locked.get(package):
                wrong.append(f"{package} {installed} instead of {locked.get(package)}")
        return "; ".join(wrong) or None

    def _settings_in_use(self) -> str | None:
        running = {h.service: h.state.pid for h in self._processes if h.state and h.state.pid}
        old = [s.name for s, pid in running.items() if is_outdated(s, pid, self._variables)]
        return f"{', '.join(old)}: not what .local/env says now" if old else None

    def _keys(self) -> str | None:
        """Let each identity list a bucket that it may list."""
        names = bucket_names(self._variables)
        for identity in IDENTITIES:
            if not identity.grants:
                continue
            keys = identity.keys(self._variables)
            settings = Settings.of_variables({**self._variables, **keys})
            bucket = names[identity.grants[0].bucket]
            try:
                Bucket.on_s3(settings, bucket).require_listing()
            except MnistError as error:
                return f"the key for {identity.name} does not open bucket {bucket!r}: {error}"
        for name in names.values():
            self._services.bucket(name).require_listing()
        return None

    def _conditions(self) -> str | None:
        problem = find_problem(self._services.results_bucket)
        return f"the store {problem}" if problem else None

    def _strays(self) -> str | None:
        """Find objects among ours that cannot be parsed; they are left out wherever we look."""
        strays = [
            f"{log.place.partition('/')[0]}/{key}"
            for log in self._services.logs()
            for key in log.entries().unreadable
        ]
        rest = f" and {len(strays) - _SHOWN} more" if len(strays) > _SHOWN else ""
        return f"cannot be parsed: {', '.join(strays[:_SHOWN])}{rest}" if strays else None

    def _leases(self) -> str | None:
        """Find leases that end later than any lease made now would: somebody's clock is wrong."""
        latest = datetime.now(UTC) + timedelta(seconds=2 * self._settings.lease_seconds)
        log = ObjectLog.of_json(self._services.results_bucket, LEASES, LeaseRecord)
        leases = log.entries()
        wrong = [f"{key} is no lease" for key in leases.unreadable]
        wrong += [
            f"{key} ends {lease.expires_at:%Y-%m-%d %H:%M:%S} UTC"
            for key, lease in leases.by_key.items()
            if lease.expires_at > latest
        ]
        return "; ".join(wrong) or None

    def _champion(self) -> str | None:
        try:
            predictor = self._services.registry.predictor(self._services.registry.champion())
        finally:
            self._services.close()
        sums = predictor.predict(np.zeros((1, SIDE, SIDE), np.uint8)).sum(axis=1)
        return None if np.allclose(sums, 1, atol=1e-3) else f"its probabilities sum to {sums[0]}"

    def _deployments(self) -> str | None:
        registered = deployments.registered(prefect_api(self._variables))
        missing = sorted(d.entrypoint for d in set(deployments.declared(self._root)) - registered)
        return f"the server does not know {', '.join(missing)}" if missing else None

    def _worker(self) -> str | None:
        path = f"/work_pools/{deployments.POOL}/workers/filter"
        workers = prefect_api(self._variables).request("POST", path, {})
        if any(worker["status"] == "ONLINE" for worker in workers):
            return None
        return f"none of {len(workers)} workers has asked for work lately"

    def _late_runs(self) -> str | None:
        before = (datetime.now(UTC) - _LATE).isoformat()
        query = {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"before_": before},
        }
        api = prefect_api(self._variables)
        late = api.request("POST", "/flow_runs/count", {"flow_runs": query})
        return f"{late} runs should have begun {_LATE.seconds // 60} minutes ago" if late else None
