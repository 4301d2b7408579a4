"""Handwritten digits: data, models, scoring, promotion. Knows nothing of flows or pages."""

import os

# From 1.29 on ONNX Runtime tells its makers about every process and model, and keeps an identifier
# of the machine, unless it is told not to before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
