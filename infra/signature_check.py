"""Are receipts and journal signed, and is the journal as it was written?"""

from mnist.keys import public_key_place
from mnist.parts import Parts

_SHOWN = 3


def find_signature_problem(parts: Parts) -> str | None:
    """Say what keeps others from checking signatures, or what of the journal was changed."""
    key = parts.signing.key
    if key is None:
        return "MNIST_SIGNING_KEY is not set, so receipts and journal are not signed"
    if not parts.results_bucket.exists(public_key_place(key.public_key)):
        return f"the public key {key.public_key} does not lie beside the results; make up puts it"
    problems = parts.journal.problems()
    rest = f" And {len(problems) - _SHOWN} more." if len(problems) > _SHOWN else ""
    return " ".join(problems[:_SHOWN]) + rest if problems else None
