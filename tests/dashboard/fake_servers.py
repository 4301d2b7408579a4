"""MLflow and Prefect as far as pages ask them: recorded answers, served over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from mnist.evaluation.metrics import Evaluation, evaluate
from mnist.storage.journal import Journal
from tests.journals import journal as entries_of

_API = "/api/2.0/mlflow"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/1/"
RUN_ID = "5823f054c7464f36a0fe3ff1289f0633"


def evaluation(wrong: int = 2, images: int = 200) -> Evaluation:
    """Evaluate made-up predictions: the first few images, which are 0s, are predicted as 6."""
    labels = np.arange(10).repeat(images // 10)
    predicted = labels.copy()
    predicted[:wrong] = 6
    return evaluate(labels, np.eye(10, dtype=np.float32)[predicted] * 0.91 + np.float32(0.009))


class FakeServers:
    """What the services say; a test changes it. `status` makes MLflow answer so to everything."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.prefect: Any = True
        self.flow_runs: list[dict[str, Any]] = []
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.champion: dict[str, Any] | None = None
        self.journal: Journal | None = None
        self.runs: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.versions: dict[str, dict[str, Any]] = {}
        self.comparisons: list[dict[str, Any]] = []
        self.checks: list[dict[str, Any]] = []
        self.files_of: dict[str, dict[str, bytes]] = {}

    def promote(self, **tags: str) -> None:
        """Have a champion, version 3, whose run and evaluation are there.

        The journal says so, unless it says something already.
        """
        if self.journal is not None and not self.journal.entries():
            (entry,) = entries_of("promoted 3")
            self.journal.append(lambda *_: entry)
        values = {
            "recipe": "demo",
            "dataset": "mnist",
            "accept_confidence": "0.9712",
            "scoring_graph_sha256": "d" * 64,
        } | tags
        pairs = [{"key": key, "value": value} for key, value in values.items()]
        self.champion = {
            "name": "digits",
            "version": "3",
            "creation_timestamp": 1795186247783,
            "run_id": RUN_ID,
            "tags": pairs,
        }
        self.runs = [_run(pairs)]
        self.files = {"evaluation.json": json.dumps(evaluation().as_dict()).encode()}

    def register(self, version: str, files: dict[str, bytes], **tags: str) -> None:
        """Have another version, whose run kept some files; the tags are its own."""
        run_id = f"run-of-version-{version}"
        pairs = [{"key": key, "value": value} for key, value in tags.items()]
        self.versions[version] = {
            "name": "digits",
            "version": version,
            "creation_timestamp": 1795186247783,
            "run_id": run_id,
            "tags": pairs,
        }
        self.files_of[run_id] = files

    def compare(self, files: dict[str, bytes]) -> None:
        """Have a finished comparison of models whose parent run kept some files."""
        run_id = f"comparison-{len(self.comparisons)}"
        self.comparisons.append(_run([], run_id, f"compare-models-seed-{len(self.comparisons)}"))
        self.files_of[run_id] = files

    def check_labels(self, files: dict[str, bytes]) -> None:
        """Have a finished check of the training images' labels that kept some files."""
        run_id = f"check-{len(self.checks)}"
        self.checks.insert(0, _run([], run_id, f"check-labels-fast-seed-{len(self.checks)}"))
        self.files_of[run_id] = files

    def _prefect(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Answer as Prefect does, and remember the runs that were asked for."""
        if path == "/flow_runs/filter":
            names = json.loads(body)["flow_runs"].get("name", {}).get("any_")
            runs = [run for run in self.flow_runs if names is None or run["name"] in names]
            return 200, json.dumps(runs).encode()
        if path.startswith("/deployments/name/"):
            return 200, json.dumps({"id": path.removeprefix("/deployments/name/")}).encode()
        if path.endswith("/create_flow_run"):
            deployment = path.removeprefix("/deployments/").removesuffix("/create_flow_run")
            self.started.append((deployment, json.loads(body)["parameters"]))
            return 201, json.dumps({"id": f"run-{len(self.started)}"}).encode()
        return 422, b'{"detail": "CSRF protection is disabled."}'

    def answer(self, path: str, query: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Answer one request."""
        if path == "/api/health":
            return 200, json.dumps(self.prefect).encode()
        if path.startswith("/api/") and not path.startswith("/api/2.0/"):
            return self._prefect(path.removeprefix("/api"), body)
        if self.status != 200:
            return self.status, b'{"error_code": "SOME_ERROR", "message": "told to"}'
        if path.startswith(_ARTIFACTS):
            run_id, _, name = path.removeprefix(_ARTIFACTS).partition("/artifacts/")
            content = self._files(run_id).get(name)
            return (200, content) if content is not None else (404, b"")
        run_id = query.get("run_id", RUN_ID)
        versions = self.versions | ({"3": self.champion} if self.champion else {})
        version = versions.get(query.get("version", ""))
        run = self.runs[0] if self.runs else None
        answers = {
            "/registered-models/alias": self.champion and {"model_version": self.champion},
            "/model-versions/search": {"model_versions": list(versions.values())},
            "/model-versions/get": version and {"model_version": version},
            "/runs/get": {"run": run if run_id == RUN_ID else _run([], run_id)} if run else None,
            "/runs/search": {"runs": self._runs_sought(body)},
            "/experiments/get-by-name": {"experiment": {"experiment_id": "1"}},
            "/artifacts/list": {"files": [{"path": name} for name in self._files(run_id)]},
        }
        answer = answers[path.removeprefix(_API)]
        if answer is None:
            return 404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "not found"}'
        return 200, json.dumps(answer).encode()

    def _runs_sought(self, query: bytes) -> list[dict[str, Any]]:
        if b"check-labels" in query:
            return self.checks
        return self.comparisons if b"compare-models" in query else self.runs

    def _files(self, run_id: str) -> dict[str, bytes]:
        return self.files if run_id == RUN_ID else self.files_of.get(run_id, {})


@contextmanager
def running_servers() -> Iterator[FakeServers]:
    """Serve on a free port until the block ends."""
    fake = FakeServers()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            address = urlsplit(self.path)
            status, body = fake.answer(address.path, dict(parse_qsl(address.query)), content)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 -- http.server calls it so

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _run(
    tags: list[dict[str, str]], run_id: str = RUN_ID, name: str = "demo-seed-0"
) -> dict[str, Any]:
    metrics = {"test_accuracy": 0.99, "test_errors": 2.0, "training_wall_seconds": 84.7}
    return {
        "info": {
            "run_id": run_id,
            "run_name": name,
            "experiment_id": "1",
            "status": "FINISHED",
            "start_time": 1795186244450,
            "end_time": 1795186247642,
            "artifact_uri": f"mlflow-artifacts:/1/{run_id}/artifacts",
        },
        "data": {
            "metrics": [{"key": key, "value": value} for key, value in metrics.items()],
            "tags": tags,
        },
    }
