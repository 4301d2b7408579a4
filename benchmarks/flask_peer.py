"""The server of most tutorials: Flask and `keras predict`; see `benchmarks.api`.

BENCHMARK_KERAS_MODEL=PATH.keras python -m benchmarks.flask_peer PORT
"""

import os
import sys

import flask
import keras
import numpy as np
from PIL import Image


def serve(port: int) -> None:
    """Serve until killed."""
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

    application.run("127.0.0.1", port, threaded=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
