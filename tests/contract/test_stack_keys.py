"""After a rotation the running stack works with the new keys, and every old one is refused."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import boto3
import httpx
import psutil
import pytest
from botocore.exceptions import ClientError

from infra import rotation
from infra.doctor import Doctor
from infra.environment import PORT_NAMES
from infra.identities import IDENTITIES, bucket_names
from infra.ports import free_ports
from infra.services import SERVICES
from infra.stack import Stack
from mnist.errors import AccessDenied
from mnist.keys import JOURNAL
from mnist.registry.rest import MlflowRest
from mnist.services import Services
from mnist.settings import Settings
from tests.journals import entry_for

pytestmark = [pytest.mark.slow(seconds=90), pytest.mark.timeout(1_200)]

ROOT = Path(__file__).parents[2]
API_KEY = "an API key of twenty letters"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A stack whose API asks for a key."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        directory = Path(folder).resolve() / ".local"
        directory.mkdir(mode=0o700)
        # Nobody else looks for these ports while the processes are started anew.
        ports = zip(PORT_NAMES, free_ports(len(PORT_NAMES)), strict=True)
        lines = [f"export {name}={port}\n" for name, port in ports]
        (directory / "env").write_text("".join([*lines, f"export MNIST_API_KEY='{API_KEY}'\n"]))
        running = Stack(ROOT, directory)
        try:
            running.up()
            yield running
        finally:
            running.down()


def pids(stack: Stack) -> dict[str, int]:
    return {health.service.name: health.state.pid for health in stack.health() if health.state}


def opens(variables: dict[str, str], access: str, secret: str, bucket: str) -> bool:
    client = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables[access],
        aws_secret_access_key=variables[secret],
        region_name="us-east-1",
    )
    try:
        client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403  # noqa: PT017
        return False
    return True


def answers(variables: dict[str, str]) -> dict[str, bool]:
    """Ask everybody, with these keys, whether they are let in."""
    let_in = {}
    buckets = bucket_names(variables)
    pairs = [(i.name, i.key_variables, i.grants[0].bucket) for i in IDENTITIES if i.grants]
    pairs.append(("operator", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "inbox"))
    for name, pair, bucket in pairs:
        let_in[name] = opens(variables, *pair, buckets[bucket])
    for user, variable in (
        (variables["MLFLOW_TRACKING_USERNAME"], "MLFLOW_TRACKING_PASSWORD"),
        ("reader", "MLFLOW_READER_PASSWORD"),
    ):
        with closing(
            MlflowRest(variables["MLFLOW_TRACKING_URI"], (user, variables[variable]))
        ) as m:
            try:
                let_in[variable] = m.aliased("digits", "champion") is None
            except AccessDenied:
                let_in[variable] = False
    name, _, password = variables["PREFECT_API_AUTH_STRING"].partition(":")
    pools = f"{variables['PREFECT_API_URL']}/work_pools/default"
    let_in["prefect"] = httpx.get(pools, auth=(name, password)).is_success
    events = f"http://127.0.0.1:{variables['MNIST_EVENTS_PORT']}/store-events"
    bearer = {"Authorization": f"Bearer {variables['MNIST_EVENTS_TOKEN']}"}
    let_in["events"] = httpx.post(events, headers=bearer, json={}).status_code not in {401, 403}
    predict = f"http://127.0.0.1:{variables['MNIST_API_PORT']}/predict"
    header = {"X-API-Key": variables["MNIST_API_KEY"]}
    let_in["api"] = httpx.post(predict, headers=header).status_code not in {401, 403}
    return let_in


def problems(stack: Stack, directory: Path) -> set[str]:
    doctor = Doctor(ROOT, directory, stack.variables(), stack.health())
    return {finding.check for finding in doctor.examine() if finding.problem}


def test_rotating_everything_locks_out_every_old_key_and_nobody_else(stack: Stack) -> None:
    old = stack.variables()
    assert set(answers(old).values()) == {True}
    before = pids(stack)
    assert stack.rotate(rotation.ALL) == [*SERVICES]
    new = stack.variables()
    assert set(answers(new).values()) == {True}
    assert set(answers(old).values()) == {False}
    assert not before.items() & pids(stack).items()
    assert problems(stack, Path(new["SEAWEEDFS_DIR"]).parent) == {"champion"}  # no training here


def test_a_process_sees_the_new_value_and_others_keep_running(stack: Stack) -> None:
    before = pids(stack)
    assert [service.name for service in stack.rotate("DASHBOARD_EDITOR_PASSWORD")] == ["dashboard"]
    after = pids(stack)
    assert {name for name in before if before[name] != after[name]} == {"dashboard"}
    environment = psutil.Process(after["dashboard"]).environ()
    assert (
        environment["DASHBOARD_EDITOR_PASSWORD"] == stack.variables()["DASHBOARD_EDITOR_PASSWORD"]
    )


def test_a_stopped_stack_gets_its_new_keys_at_the_next_start(stack: Stack) -> None:
    """Deleting MLflow's line and starting anew was the documented way, and locked everybody out."""
    old = stack.variables()
    file = Path(old["SEAWEEDFS_DIR"]).parent / "env"
    stack.down()
    assert stack.rotate("MLFLOW_READER_PASSWORD") == []
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(line for line in lines if "MLFLOW_TRACKING_PASSWORD" not in line))
    new = stack.up()
    for name in ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_READER_PASSWORD"):
        assert new[name] != old[name]
        assert answers(new)[name]
        assert not answers(old)[name]


def test_what_was_signed_before_a_rotation_is_still_genuine(stack: Stack) -> None:
    def journal(variables: dict[str, str]) -> Services:
        return Services(Settings.of_variables(variables))

    journal(stack.variables()).journal.append(entry_for("1"))
    stack.rotate("MNIST_SIGNING_KEY")
    renewed = journal(stack.variables())
    renewed.journal.append(entry_for("2"))
    assert renewed.journal.problems() == []
    signers = {renewed.signing.look(f"{JOURNAL}0000000{n}.json", None).public_key for n in (1, 2)}
    assert len(signers) == 2


def test_a_key_that_does_not_exist_changes_nothing(stack: Stack) -> None:
    before = stack.variables()
    with pytest.raises(Exception, match="There is no key 'everything'"):
        stack.rotate("everything")
    assert stack.variables() == before
