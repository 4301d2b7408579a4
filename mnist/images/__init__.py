"""From untrusted bytes to a (28, 28) digit, or a reason why there is none."""

from mnist.images.decoding import (
    Inspection,
    Stage,
    decode,
    decode_native,
    load_plane,
    stages,
    use_one_core_for_each_picture,
)
from mnist.images.pages import page_files
from mnist.images.parameters import PREPROCESSING_VERSION, preprocessing_digest
from mnist.images.results import Decoded, Limits, Pipeline, Rejection, SeveralPages

__all__ = [
    "PREPROCESSING_VERSION",
    "Decoded",
    "Inspection",
    "Limits",
    "Pipeline",
    "Rejection",
    "SeveralPages",
    "Stage",
    "decode",
    "decode_native",
    "load_plane",
    "page_files",
    "preprocessing_digest",
    "stages",
    "use_one_core_for_each_picture",
]
