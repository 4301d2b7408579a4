"""Writes an untrained network, which is as fast as a trained one.

python -m benchmarks.network RECIPE FOLDER
"""

import sys
from pathlib import Path

from mnist.scoring.graphs import export_graph
from mnist.training.models import assemble, build_body
from mnist.training.recipes import get_recipe


def write_network(recipe: str, folder: Path) -> tuple[Path, Path]:
    """Write the network of a recipe into a folder.

    Returns:
        Its scoring graph and its Keras model.
    """
    model = assemble([build_body(get_recipe(recipe))], recipe)
    graph, of_keras = folder / "model.onnx", folder / "model.keras"
    export_graph(model, graph)
    model.save(of_keras)
    return graph, of_keras


if __name__ == "__main__":
    write_network(sys.argv[1], Path(sys.argv[2]))
