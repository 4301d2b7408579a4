"""The server of most tutorials: Flask and `keras predict`; see `benchmarks.api`.

BENCHMARK_KERAS_MODEL=PATH.keras python -m benchmarks.flask_peer PORT
"""

import os
import sys

import flask
import keras
import numpy as np
from PIL import Image
from werkzeug.serving import WSGIRequestHandler


def serve(port: int) -> None:
    """Serve until killed, with kept connections, which is kind to it."""
    model = keras.models.load_model(os.environ["BENCHMARK_KERAS_MODEL"])
    application = flask.Flask("peer")

    @application.post("/predict")
    def predict() -> flask.Response:
        image = Image.open(flask.request.files["file"].stream).convert("L").resize((28, 28))
        probabilities = model.predict(np.array(image)[None], verbose=0)[0]
        return flask.jsonify(
            prediction=int(probabilities.argmax()),
            confidence=float(probabilities.max()),
            probs=probabilities.tolist(),
        )

    @application.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    WSGIRequestHandler.protocol_version = "HTTP/1.1"
    application.run("127.0.0.1", port, threaded=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
