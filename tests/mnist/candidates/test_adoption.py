"""Networks that were trained elsewhere: rebuilt from known layers, never executed, or refused."""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest

from mnist.candidates import keras_files
from mnist.candidates.adoption import adopt_network
from mnist.candidates.keras_files import read_network
from mnist.data.labelled import LabelledImages
from mnist.errors import InvalidInput
from mnist.training.backend import keras
from tests.factories import digit_images

LABELS = np.arange(300) % 10
IMAGES = np.clip(
    digit_images(LABELS).astype(int) + np.random.default_rng(0).integers(-40, 40, (300, 28, 28)),
    0,
    255,
).astype(np.uint8)
VALIDATION = LabelledImages(IMAGES, LABELS.astype(np.int64))
SCALES = {
    "0 to 1": (1 / 255, 0.0),
    "0 to 255": (1.0, 0.0),
    "-1 to 1": (1 / 127.5, -1.0),
    "1 to 0, dark ink on light ground": (-1 / 255, 1.0),
}


def network(shape=(28, 28, 1), *, scale="0 to 1", softmax=True, functional=False, rescaling=None):
    """A network that is right on these images at one scale: random features, fitted read-out."""
    factor, offset = SCALES[scale]
    pixels = IMAGES.reshape(len(IMAGES), -1) * factor + offset
    random = np.random.default_rng(1)
    hidden = random.normal(0, 0.3, (784, 64)) / max(np.abs(pixels).mean(), 0.05) / 28
    bias = -pixels.mean(axis=0) @ hidden
    features = np.tanh(pixels @ hidden + bias)
    columns = np.c_[features, np.ones(len(features))]
    fitted = np.linalg.lstsq(columns, 8.0 * np.eye(10)[LABELS], rcond=None)[0]
    layers = [
        *([keras.layers.Rescaling(rescaling)] if rescaling else []),
        keras.layers.Flatten(),
        keras.layers.Dense(64, activation="tanh"),
        keras.layers.Dropout(0.5, seed=2**31 - 1),
        keras.layers.Dense(10, activation="softmax" if softmax else None),
    ]
    if functional:
        inputs = outputs = keras.Input(shape)
        for layer in layers:
            outputs = layer(outputs)
        model = keras.Model(inputs, outputs)
    else:
        model = keras.Sequential([keras.Input(shape), *layers])
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    dense[0].set_weights([hidden, bias])
    dense[1].set_weights([fitted[:-1], fitted[-1]])
    return model


def saved(model, tmp_path):
    model.compile(loss="categorical_crossentropy")  # what people's files hold besides
    path = tmp_path / "model.keras"
    model.save(path)
    return path


def rewritten(path, change):
    """Change the description in a file as somebody hostile would."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    changed = change(config)
    members["config.json"] = json.dumps(config if changed is None else changed).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("functional", [False, True], ids=["sequential", "functional"])
@pytest.mark.parametrize("softmax", [True, False], ids=["softmax", "logits"])
@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,)], ids=str)
def test_any_usual_form_is_adopted(tmp_path, shape, softmax, functional):
    model = network(shape, softmax=softmax, functional=functional)
    training = adopt_network(saved(model, tmp_path), VALIDATION)
    probabilities = np.asarray(training.model(IMAGES))
    assert (probabilities.argmax(axis=1) == LABELS).mean() > 0.9
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    facts = training.recipe.hyperparameters()
    assert facts["adopted_output"] == ("probabilities" if softmax else "logits")
    assert facts["adopted_input"] == str(shape)
    assert training.recipe.name == f"adopted-{facts['adopted_sha256'][:8]}"
    assert training.device == "elsewhere"


@pytest.mark.parametrize("scale", SCALES)
def test_the_scale_of_its_pixels_is_found(tmp_path, scale):
    training = adopt_network(saved(network(scale=scale), tmp_path), VALIDATION)
    assert training.recipe.hyperparameters()["adopted_pixels"] == scale


def test_a_network_that_rescales_itself_gets_0_to_255(tmp_path):
    training = adopt_network(saved(network(rescaling=1 / 255), tmp_path), VALIDATION)
    assert training.recipe.hyperparameters()["adopted_pixels"] == "0 to 255"


def test_the_rebuilt_network_computes_what_the_saved_one_did(tmp_path):
    inputs = keras.Input((28, 28, 1))
    x = keras.layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2")(inputs)
    y = keras.layers.SeparableConv2D(4, 3, padding="same")(x)
    x = keras.layers.BatchNormalization()(keras.layers.Add()([x, y]))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.LeakyReLU()(x))
    model = keras.Model(inputs, keras.layers.Dense(10)(x))
    images = IMAGES[:20, ..., None] / 255
    rebuilt = read_network(saved(model, tmp_path))
    assert np.allclose(rebuilt(images), model(images), atol=1e-5)


def test_a_network_within_a_network_is_adopted(tmp_path):
    inner = network()
    model = keras.Sequential([keras.Input((28, 28, 1)), inner])
    assert adopt_network(saved(model, tmp_path), VALIDATION).parameters > 0


def test_code_in_a_file_is_refused_and_not_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trap = tmp_path / "executed"
    model = network()
    model.add(keras.layers.Lambda(lambda x: (__import__("pathlib").Path("executed").touch(), x)[1]))
    path = saved(model, tmp_path)
    trap.unlink(missing_ok=True)
    with pytest.raises(InvalidInput, match="'Lambda' is not adopted"):
        read_network(path)
    assert not trap.exists()


def _set(place, value):
    def change(config):
        *path, last = place
        for step in path:
            config = config[step]
        config[last] = value

    return change


LAYER = ("config", "layers", 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set((*LAYER, "class_name"), "TFSMLayer"), "'TFSMLayer' is not adopted"),
        (_set((*LAYER, "class_name"), "Mine"), "'Mine' is not adopted"),
        (_set((*LAYER, "config", "activation"), "os.system"), "activation 'os.system'"),
        (
            _set((*LAYER, "config", "activation"), {"class_name": "function", "config": "system"}),
            "activation",
        ),
        (_set((*LAYER, "config", "name"), {"class_name": "__lambda__"}), "__lambda__"),
        (_set((*LAYER, "config", "units"), 10**9), "1000000000"),
        (_set((*LAYER, "config", "units"), 60_000), "more numbers than"),
        (_set((*LAYER, "config", "units"), -1), "cannot rebuild"),
        (_set((*LAYER, "config", "bogus"), 1), "cannot rebuild"),
        (_set(("class_name",), "MyModel"), "'MyModel'"),
        (_set(("config",), None), "does not describe"),
        (lambda _config: [], "does not describe"),
    ],
)
def test_a_description_that_is_not_plain_is_refused(tmp_path, change, message):
    path = rewritten(saved(network(), tmp_path), change)
    with pytest.raises(InvalidInput, match=message):
        read_network(path)


def test_the_module_a_file_names_is_never_imported(tmp_path):
    path = rewritten(saved(network(), tmp_path), _set((*LAYER, "module"), "antigravity"))
    read_network(path)  # the class is Keras' own, whatever the file says of it


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no .keras file"), (b"\x89HDF\r\n\x1a\n", "model.save"), (b"PK\3\4", "no .keras file")],
)
def test_another_file_is_refused_with_what_to_do(tmp_path, content, message):
    path = tmp_path / "model.h5"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        read_network(path)


def _weights(**datasets):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, make in datasets.items():
            make(file, name)
    return content.getvalue()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f, n: f.create_dataset(n, (10**6, 10**6), "f4"), "larger than the file"),
        (lambda f, n: f.create_dataset(n, (10**4, 10**4), "f4", compression="gzip"), "plainly"),
        (
            lambda f, n: f.create_dataset(n, (4,), "f4", external=[("/etc/group", 0, 16)]),
            "plainly",
        ),
        (lambda f, n: f.__setitem__(n, h5py.ExternalLink("/etc/passwd", "/")), "outside"),
        (lambda f, n: f.create_dataset(n, data=[b"text"]), "plainly"),
    ],
    ids=["declared only", "packed", "in another file", "a link", "texts"],
)
def test_weights_that_are_not_plainly_in_the_file_are_refused(tmp_path, make, message):
    path = saved(network(), tmp_path)
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", _weights(a=make))
    with pytest.raises(InvalidInput, match=message):
        read_network(path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setitem(keras_files._MOST_BYTES, "config.json", 1_000)
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 10_000)
    with pytest.raises(InvalidInput, match="more than 1,000 bytes"):
        read_network(path)


@pytest.mark.parametrize(
    ("shape", "outputs"), [((32, 32, 1), 10), ((28, 28, 3), 10), ((28, 28, 1), 26)]
)
def test_other_shapes_are_refused_with_those_that_fit(tmp_path, shape, outputs):
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(outputs)]
    with pytest.raises(InvalidInput, match=r"expected one input of shape \(28, 28\)"):
        adopt_network(saved(keras.Sequential(layers), tmp_path), VALIDATION)


def test_a_network_that_reads_no_digits_is_refused(tmp_path):
    layers = [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    with pytest.raises(InvalidInput, match="does not read digits"):
        adopt_network(saved(keras.Sequential(layers), tmp_path), VALIDATION)
