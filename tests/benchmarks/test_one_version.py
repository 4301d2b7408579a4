"""The server that `benchmarks.api` measures answers with the graph that it is given."""

from benchmarks import one_version
from tests.factories import png, template_graph
from tests.served import running


def test_it_answers_a_prediction(tmp_path, monkeypatch):
    template_graph(tmp_path / "model.onnx")
    monkeypatch.setenv("BENCHMARK_GRAPH", str(tmp_path / "model.onnx"))
    with running(one_version.app()) as client:
        assert client.get("/health").is_success
        answer = client.post("/predict", files={"file": ("seven.png", png(7), "image/png")})
    assert answer.status_code == 200
    assert answer.json()["prediction"] == 7
