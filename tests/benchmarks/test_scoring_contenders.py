"""What `benchmarks.scoring` counts, and when it calls a batch whole."""

import pytest

from benchmarks.scoring_contenders import CALLS, scored_whole, scoring_by
from tests.factories import png, template_graph


@pytest.fixture
def graph(tmp_path):
    template_graph(path := tmp_path / "model.onnx")
    return path


@pytest.mark.parametrize("counted", [False, True])
def test_a_graph_is_loaded_once_for_all_chunks(counted, graph, settings, inbox_bucket):
    for digit in range(4):
        inbox_bucket.put(f"digits/{digit}.png", png(digit))
    scoring = scoring_by(graph, settings.model_copy(update={"chunk_images": 2}), counted=counted)
    CALLS.clear()

    def mapped(score, chunks):
        for chunk in chunks:
            yield score(chunk)
            graph.unlink(missing_ok=True)

    assert scored_whole(scoring.run("digits", "run", map=mapped)) == 4
    wanted = {"fetches": 4, "batches": 2, "images": 4} if counted else {}
    assert dict(CALLS) == wanted


def test_a_run_that_ended_early_is_no_result(graph, settings, inbox_bucket):
    inbox_bucket.put("digits/7.png", png(7))
    run = scoring_by(graph, settings).run("digits", "run", map=lambda _score, _chunks: ())
    with pytest.raises(SystemExit, match="digits has no receipt"):
        scored_whole(run)
