"""Ray Data on the same objects: `read_images`, then `map_batches` with the scoring graph.

Runs in an environment of its own (`make benchmark-ray`), which holds neither this project nor
TensorFlow; so the file imports nothing of ours and speaks to the store as Ray's users do.
"""

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def main() -> None:
    """Score the objects once and print what it cost."""
    import onnxruntime  # noqa: PLC0415
    import pyarrow.fs  # noqa: PLC0415
    import ray  # noqa: PLC0415

    began = time.time()
    _, folder, batch, limit = sys.argv[1:]
    address = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    files = pyarrow.fs.S3FileSystem(
        endpoint_override=address.netloc, scheme=address.scheme, region=os.environ["AWS_REGION"]
    )
    ray.init(num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    class Network:
        """The scoring graph, loaded once in each worker."""

        def __init__(self) -> None:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options)

        def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
            images = rows["image"]
            pixels = images[..., 0] if images.ndim == 4 else images
            name = self._session.get_inputs()[0].name
            return {"digit": self._session.run(None, {name: pixels})[0].argmax(axis=1)}

    selector = pyarrow.fs.FileSelector(f"inbox/{batch}")
    paths = sorted(found.path for found in files.get_file_info(selector))[: int(limit)]
    cold = time.time() - began
    started = time.perf_counter()
    dataset = ray.data.read_images(paths, filesystem=files, mode="L")
    objects = dataset.map_batches(Network, batch_size=256, concurrency=1).materialize().count()
    measured = {
        "objects": objects,
        "seconds": time.perf_counter() - started,
        "cpu_seconds": 0.0,  # its workers are processes of Ray's own
        "cold_seconds": cold,
        "peak_bytes": peak_bytes(),
    }
    ray.shutdown()
    print(json.dumps(measured))


def peak_bytes() -> int:
    """Largest resident memory of the driver; its workers come on top."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
