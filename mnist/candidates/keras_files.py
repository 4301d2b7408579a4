"""A network out of a `.keras` file that somebody hands in; nothing in the file is executed.

The file is a zip with a description of the layers (JSON) and their weights (HDF5). The description
is not given to Keras as it is: each layer is looked up in a list of known ones, and only numbers,
names of built-in functions and the connections are taken over. Sizes are bounded before anything
is allocated.
"""

import json
import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import h5py

from mnist.errors import InvalidInput
from mnist.training.backend import keras, require_tensorflow

_LAYERS = {
    *("InputLayer", "Dense", "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "MaxPooling2D"),
    *("AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D", "Flatten", "Reshape"),
    *("Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "BatchNormalization"),
    *("LayerNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Add"),
    *("Average", "Concatenate", "Multiply", "Maximum", "Rescaling", "ZeroPadding2D"),
}
_NETWORKS = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
_ACTIVATIONS = {
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "mish"),
    *("tanh", "sigmoid", "hard_sigmoid", "hard_silu", "softplus", "softsign", "softmax"),
    *("log_softmax", "exponential"),
}
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_MOST_BYTES = {_CONFIG: 5_000_000, _WEIGHTS: 500_000_000}
_LEFT_OUT = {"dtype", "quantization_config", "seed"}
_LARGEST_NUMBER = 65_536
_DEEPEST = 40
_SAVE_IT = "Save the network with `model.save('model.keras')` by Keras 3."


def read_network(path: Path) -> Any:
    """Rebuild a network of known layers and load its weights.

    Returns:
        A keras.Model as it was saved, without what it was compiled with.

    Raises:
        InvalidInput: If the file is no `.keras` file, damaged or too large, or has a layer or a
            function that is not in the list; the message says which.
        InvalidSettings: If Keras runs on another backend than TensorFlow.
    """
    require_tensorflow()
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(_member(archive, _CONFIG))
            weights = _member(archive, _WEIGHTS)
    except (OSError, zipfile.BadZipFile, ValueError, RecursionError, zlib.error) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"{path} is no .keras file ({error}). {_SAVE_IT}") from error
    with TemporaryDirectory(prefix="adopt-") as folder:
        file = Path(folder) / _WEIGHTS
        file.write_bytes(weights)
        most = _count(file)
        description = _network(config, 0)
        try:
            with _at_most(most):
                model = keras.saving.deserialize_keras_object(description, safe_mode=True)
            model.load_weights(file)
        except InvalidInput:
            raise
        except Exception as error:  # Keras raises whatever its layers raise
            raise InvalidInput(
                f"Keras cannot rebuild the network of {path}: {str(error)[:300]}"
            ) from error
    return model


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as member:
            content = member.read(_MOST_BYTES[name] + 1)
    except (KeyError, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"The file has no readable {name!r} ({error}). {_SAVE_IT}") from error
    if len(content) > _MOST_BYTES[name]:
        raise InvalidInput(f"{name} has more than {_MOST_BYTES[name]:,} bytes.")
    return content


def _count(file: Path) -> int:
    """Count the numbers in a file of weights that holds what it declares, and only that."""
    total = 0

    def visit(group: h5py.Group) -> None:
        nonlocal total
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise InvalidInput(f"The weights {name!r} lie outside the file, which is refused.")
            item = group[name]
            if isinstance(item, h5py.Group):
                visit(item)
            elif item.external or item.is_virtual or item.chunks or item.dtype.kind not in "fiu":
                raise InvalidInput(f"The weights {name!r} are not stored plainly in the file.")
            else:
                if item.size and item.id.get_storage_size() < item.nbytes:
                    raise InvalidInput(f"The weights {name!r} are larger than the file.")
                total += item.size

    try:
        with h5py.File(file, "r") as opened:
            visit(opened)
    except (OSError, RuntimeError, RecursionError, KeyError) as error:
        raise InvalidInput(f"The weights cannot be read: {str(error)[:200]}") from error
    return total


@contextmanager
def _at_most(most: int) -> Iterator[None]:
    """Stop a network that needs more numbers than there are, before they are allocated."""
    add_weight = keras.Layer.add_weight
    used = 0

    def counted(layer: Any, shape: Any = None, *args: Any, **kwargs: Any) -> Any:
        nonlocal used
        used += math.prod(shape or ())
        if used > most:
            raise InvalidInput(f"The layers need more numbers than the {most:,} in the file.")
        return add_weight(layer, shape, *args, **kwargs)

    keras.Layer.add_weight = counted
    try:
        yield
    finally:
        keras.Layer.add_weight = add_weight


def _network(description: Any, depth: int) -> dict[str, Any]:
    if not isinstance(description, dict) or not isinstance(description.get("config"), dict):
        raise InvalidInput("The file does not describe a network of Keras 3. " + _SAVE_IT)
    kind, config = description.get("class_name"), description["config"]
    if kind not in _NETWORKS or depth > _DEEPEST or not isinstance(config.get("layers"), list):
        raise InvalidInput(
            f"The file describes {str(kind)[:80]!r}; only networks of {' and '.join(_NETWORKS)} "
            "form are adopted, as classes of one's own would have to be executed."
        )
    layers = [_layer(layer, depth + 1) for layer in config["layers"]]
    others = {name: value for name, value in config.items() if name not in {"layers", "dtype"}}
    clean = _values(others, depth) | {"layers": layers}
    return {
        "module": _NETWORKS[kind],
        "class_name": kind,
        "config": clean,
        "registered_name": kind if kind == "Functional" else None,
    }


def _layer(description: Any, depth: int) -> dict[str, Any]:
    if not isinstance(description, dict):
        raise InvalidInput(f"A layer is described by {str(description)[:80]!r}.")
    kind, config = description.get("class_name"), description.get("config")
    if kind in _NETWORKS:
        clean = _network(description, depth)
    elif kind in _LAYERS and isinstance(config, dict):
        clean = {
            "module": "keras.layers",
            "class_name": kind,
            "config": _of_layer(config, depth),
            "registered_name": None,
        }
    else:
        raise InvalidInput(
            f"The layer {str(kind)[:80]!r} is not adopted: only layers of Keras without code or "
            f"tables of their own are. Known are {', '.join(sorted(_LAYERS))}."
        )
    for name in ("name", "inbound_nodes"):
        if name in description:
            clean[name] = _values(description[name], depth)
    return clean


def _of_layer(config: dict[str, Any], depth: int) -> dict[str, Any]:
    """Take over what shapes the arithmetic; how weights were begun or held back does not."""
    clean: dict[str, Any] = {}
    for name, value in config.items():
        if name in _LEFT_OUT or name.endswith(("_regularizer", "_constraint")):
            continue
        if name.endswith("_initializer"):
            clean[name] = "zeros"
        elif name.endswith("activation") and value is not None:
            if not isinstance(value, str) or value not in _ACTIVATIONS:
                raise InvalidInput(
                    f"The activation {str(value)[:80]!r} is not adopted; known are "
                    f"{', '.join(sorted(_ACTIVATIONS))}."
                )
            clean[name] = value
        else:
            clean[name] = _values(value, depth)
    return clean


def _values(value: Any, depth: int) -> Any:
    """Copy plain values, and references to the outputs of layers."""
    if depth > _DEEPEST:
        raise InvalidInput("The description of the network is nested too deeply.")
    match value:
        case None | bool() | str():
            return value
        case int() | float() if math.isfinite(value) and abs(value) <= _LARGEST_NUMBER:
            return value
        case list():
            return [_values(item, depth + 1) for item in value]
        case dict() if "class_name" not in value or value["class_name"] == "__keras_tensor__":
            return {name: _values(item, depth + 1) for name, item in value.items()}
        case _:
            raise InvalidInput(f"The description holds {str(value)[:120]!r}, which is not adopted.")
