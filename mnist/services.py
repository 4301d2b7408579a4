"""The services of a process: its parts, and what is done with them.

Flows, watcher, dashboard and tests make one of these from their settings. An operation is imported
when it is made, so a process that only scores never imports MLflow or Keras.
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING

from mnist.parts import Parts
from mnist.settings import load_settings

if TYPE_CHECKING:
    from mnist.operations.accepting import Accepting
    from mnist.operations.batches import BatchScoring
    from mnist.operations.canaries import Canaries
    from mnist.operations.checking_labels import CheckingLabels
    from mnist.operations.comparing import Comparing
    from mnist.operations.comparing_pipelines import ComparingPipelines
    from mnist.operations.delivering import Delivering
    from mnist.operations.importing import Importing
    from mnist.operations.interventions import Interventions
    from mnist.operations.lateness import Lateness
    from mnist.operations.monitoring import Monitoring
    from mnist.operations.proposals import Proposals
    from mnist.operations.removing import Removing
    from mnist.operations.rescoring import Rescoring
    from mnist.operations.retraining import Retraining
    from mnist.operations.sweeping import Sweeper


class Services(Parts):
    """The parts of one process and the operations over them, each made once."""

    @cached_property
    def batch_scoring(self) -> BatchScoring:
        """The steps of scoring a batch."""
        from mnist.operations.batches import BatchScoring

        return BatchScoring(self)

    @cached_property
    def accepting(self) -> Accepting:
        """What renews the thresholds of acceptance."""
        from mnist.operations.accepting import Accepting

        return Accepting(self)

    @cached_property
    def canaries(self) -> Canaries:
        """What judges the version on canary."""
        from mnist.operations.canaries import Canaries

        return Canaries(self)

    @cached_property
    def rescoring(self) -> Rescoring:
        """The steps of scoring again with another model version."""
        from mnist.operations.rescoring import Rescoring

        return Rescoring(self)

    @cached_property
    def delivering(self) -> Delivering:
        """What announces receipts."""
        from mnist.operations.delivering import Delivering

        return Delivering(self)

    def new_sweeper(self) -> Sweeper:
        """What finds new images; it remembers what it has seen, so keep it."""
        from mnist.operations.sweeping import Sweeper

        return Sweeper(self)

    @cached_property
    def retraining(self) -> Retraining:
        """The steps of retraining."""
        from mnist.operations.retraining import Retraining

        return Retraining(self)

    @cached_property
    def importing(self) -> Importing:
        """What brings labelled sets into the store."""
        from mnist.operations.importing import Importing

        return Importing(self)

    @cached_property
    def interventions(self) -> Interventions:
        """What a person may do to the champion."""
        from mnist.operations.interventions import Interventions

        return Interventions(self)

    @cached_property
    def checking_labels(self) -> CheckingLabels:
        """The steps of checking the training images' labels."""
        from mnist.operations.checking_labels import CheckingLabels

        return CheckingLabels(self)

    @cached_property
    def comparing(self) -> Comparing:
        """The steps of comparing models."""
        from mnist.operations.comparing import Comparing

        return Comparing(self)

    @cached_property
    def comparing_pipelines(self) -> ComparingPipelines:
        """The steps of comparing preprocessing pipelines."""
        from mnist.operations.comparing_pipelines import ComparingPipelines

        return ComparingPipelines(self)

    @cached_property
    def removing(self) -> Removing:
        """What removes captured images."""
        from mnist.operations.removing import Removing

        return Removing(self)

    @cached_property
    def monitoring(self) -> Monitoring:
        """The steps of watching what comes in and goes out."""
        from mnist.operations.monitoring import Monitoring

        return Monitoring(self)

    @cached_property
    def lateness(self) -> Lateness:
        """What finds late batches and decisions."""
        from mnist.operations.lateness import Lateness

        return Lateness(self)

    @cached_property
    def proposals(self) -> Proposals:
        """What decides about retrainings that a machine proposes."""
        from mnist.operations.proposals import Proposals

        return Proposals(self)


@cache
def current() -> Services:
    """The services of this process, as its environment describes them.

    Call it as `services.current()`, never at import, so that a test can put its own in its place.

    Raises:
        InvalidSettings: Naming each variable that is missing or impossible.
    """
    return Services(load_settings())
