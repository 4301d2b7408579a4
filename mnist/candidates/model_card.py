"""The model card: what to know of a model before using it."""

from mnist.acceptance.thresholds import NOTHING_ACCEPTED
from mnist.candidates.candidate import Candidate
from mnist.data.training_data import TrainingData
from mnist.evaluation.metrics import Evaluation
from mnist.training.recipes import Recipe


def model_card(candidate: Candidate, recipe: Recipe, data: TrainingData, seed: int) -> str:
    """Say in Markdown what the model is, what it was measured on and when not to use it."""
    evaluation, training = candidate.evaluation, candidate.training
    source = (
        "the real MNIST"
        if data.dataset.source == "mnist"
        else f"**not MNIST but {data.dataset.source}: these numbers say nothing about MNIST**"
    )
    accepted = (
        "nothing: the validation images cannot show the error rate asked for"
        if candidate.accept_confidence >= NOTHING_ACCEPTED
        else f"confidence of at least {candidate.accept_confidence:.4f}"
    )
    return "\n".join(
        [
            f"# Recipe {recipe.name}, seed {seed}",
            "",
            f"Trained on {source}: {data.dataset.train.n} images to learn from and select by, "
            f"{data.dataset.test.n} to report.",
            *(
                f"\n{row['share']:.1%} of an epoch: {row['kind']} {row['name']}, "
                f"{row['images']:,} images."
                for row in (data.sources if data.added else [])
            ),
            "",
            "| | |",
            "|---|---|",
            f"| test accuracy | {evaluation.accuracy:.4f} ({evaluation.errors} errors) |",
            f"| macro F1 | {evaluation.macro_f1:.4f} |",
            f"| log loss | {evaluation.log_loss:.4f} |",
            f"| expected calibration error | {evaluation.calibration_error:.4f} |",
            f"| accepted without review | {accepted} |",
            *(
                f"| {name}: accuracy on {of_set.images} images | {_accuracy(of_set)}, "
                f"mean confidence {of_set.mean_confidence:.4f} |"
                for name, of_set in candidate.labelled_sets.items()
            ),
            f"| parameters | {training.parameters:,} |",
            f"| training | {training.wall_seconds:.0f} s, {training.cpu_seconds:.0f} CPU s, "
            f"device {training.device} |",
            f"| scoring graph SHA-256 | `{candidate.graph_sha256}` |",
            "",
            "Takes one digit per image, 28x28, bright ink on dark ground, centred as MNIST's are; "
            "`mnist.images` makes such images of scans and photos. It does not know letters and "
            "does not find digits on a page.",
            "",
        ]
    )


def _accuracy(evaluation: Evaluation) -> str:
    low, high = evaluation.accuracy_interval()
    return f"{evaluation.accuracy:.4f} ({low:.4f} to {high:.4f})"
