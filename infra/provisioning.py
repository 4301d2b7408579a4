"""What has to exist before anybody can work: buckets, pool, deployments, automations.

The local stack makes them as its processes come up (`infra.stack`); anywhere else this does, once
for each release. Every step is safe to repeat.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from infra import deployments
from infra.automations import register_automations
from infra.identities import bucket_names
from infra.store import create_buckets, publish_public_key
from mnist.settings import Settings
from mnist.storage.bucket import Bucket
from mnist.storage.conditions import with_sure_writes


def provision(
    root: Path, directory: Path, variables: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Make what is missing in the services that the variables name.

    Args:
        root: The checkout, with `prefect.yaml`.
        directory: Folder that may be written to.
        variables: Addresses, and the keys of those who may do everything.
        say: Called with one line for each thing that was done.

    Raises:
        InvalidSettings: If the store does not honour conditional writes and nobody allowed that.
        Unavailable: If a service does not answer or refuses.
    """
    (directory / "logs").mkdir(parents=True, exist_ok=True)
    names = bucket_names(variables)
    settings = Settings.of_variables(variables)
    create_buckets(settings, [*names.values()])
    say(f"buckets {', '.join(names.values())}")
    results, allow_plain = (
        Bucket.on_s3(settings, settings.results_bucket),
        settings.allow_plain_writes,
    )
    if with_sure_writes(results, allow_plain=allow_plain) is not results:
        say(
            "no conditional writes, as MNIST_ALLOW_PLAIN_WRITES allows: never two runs on one batch"
        )
    if publish_public_key(settings):
        say("public key of the signatures")
    deployments.register(root, directory, variables, say)
    say("work pool and deployments")
    register_automations(root, directory, variables)
    say("automations")
