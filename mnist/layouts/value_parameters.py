"""Weights by which values are cut and believed, as the command below writes them.

python -m benchmarks.fit_values --model fast.onnx --hands … --strips 2400 --line-only
"""

from mnist.layouts.scoring import Weights

WEIGHTS = Weights(
    shape=(-2.2156, -2.373, -1.3946, -3.9462, -4.6209, -1.48, -2.4701, -1.8378, -0.5798, -1.6124),
    probability=0.8974,
    network=(-3.6753, -1.5063, -0.2818),
    width=(
        (0.0146, 0.2669, -0.7151),
        (-1.2689, -0.2167, -0.3559),
        (-0.914, -0.7913, 0.0554),
        (0.2921, -0.5356, -1.003),
        (0.4508, -0.4719, -1.1092),
        (-0.8181, 0.3171, -0.5944),
        (-0.2179, -0.0192, -0.776),
        (-1.112, -0.3616, -0.0398),
        (0.6635, -0.3462, -1.3785),
        (0.6945, -0.2145, -1.6543),
    ),
    blot=(-2.5616, -2.4201, -0.8681, -0.7598, -0.7348),
)

CONFIDENCE = (-0.814, 1.0941, 0.2843, 0.1612, -0.4827, 0.2414)
"""Of `mnist.layouts.valuing.DOUBTS`."""

LINE_WEIGHT = 1.5
"""Of what the line network says, beside what the lattice says."""

LINE_CONFIDENCE = (-0.2225, 0.0815, 0.1751, 0.2433, 0.0, 0.0755, 0.4438, 0.1349)
"""Of `mnist.layouts.valuing.LINE_DOUBTS`."""
