"""Nobody is told what runs here: libraries that would tell their makers are switched off."""

import os
import subprocess
import sys
from pathlib import Path

from tests.factories import template_graph

_PREDICT = """
import sys
from pathlib import Path
import numpy as np
from mnist.scoring.graphs import Predictor
Predictor(Path(sys.argv[1]), sys.argv[2]).predict(np.zeros((1, 28, 28), np.uint8))
"""

_SUPPRESSING = {"CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "TF_BUILD", "JENKINS_URL"}
"""Variables under which the runtime tells nobody anyway."""


def test_a_prediction_leaves_no_identifier_of_the_machine_and_nothing_to_send(tmp_path: Path):
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    digest = template_graph(graph := tmp_path / "model.onnx")
    variables = {name: value for name, value in os.environ.items() if name not in _SUPPRESSING}
    subprocess.run(
        [sys.executable, "-c", _PREDICT, str(graph), digest],
        check=True,
        env=variables | {"HOME": str(home), "TMPDIR": str(temporary)},
    )
    assert [*temporary.iterdir(), *home.iterdir()] == []
