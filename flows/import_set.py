"""Import set: images with labels of one's own come into the store, whole or not at all.

python -m flows.import_set my-scans.zip --use split --who NAME
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.support import artifacts
from flows.support.parameters import Share, Text
from mnist import services
from mnist.data.set_uses import Use
from mnist.errors import InvalidDataset

_LOG_EVERY = 10_240


def _run_name() -> str:
    return f"import-set-{flow_run.parameters.get('name') or flow_run.parameters.get('place')}"


@flow(name="import-set", flow_run_name=_run_name)
def import_set(
    place: Text,
    who: Text,
    name: Text = "",
    use: Text = "split",
    max_left_out: Share = 0.05,
    only_report: bool = False,  # noqa: FBT001, FBT002 - a field of the form
) -> dict[str, Any]:
    """Look at every image of a labelled set, report what was found, and import it if it will do.

    The set is `DIGIT/FILE`, or has a `labels.csv` with the columns `file`, `label` and maybe
    `kind`, `writer` and `use`. Nothing is changed where it lies. A set of the same name that was
    imported before is replaced; what has evaluated once is never learned from.

    Args:
        place: A folder or `.zip` that this run can read, or `s3://BUCKET/PREFIX`.
        who: Who vouches for the labels.
        name: Of the set; left out, that of the folder or archive.
        use: `train`, `evaluate`, or `split`: by writer where known, else by content.
        max_left_out: Largest share of the images that may be left out, 0-1.
        only_report: Whether nothing is imported, whatever is found.

    Returns:
        The report, and the name of the import; empty if nothing was imported.

    Raises:
        InvalidDataset: If there is no such place, it holds no set, or too much of it cannot be
            used; nothing is imported then.
        InvalidInput: If the name cannot be that of a set, or nobody vouches for it.
        Unavailable: If the store does not answer.
    """
    logger = get_run_logger()
    chosen = name or Path(place.rstrip("/")).stem

    def show(images: int) -> None:
        if images % _LOG_EVERY == 0:
            logger.info("%d images of %s looked at.", images, chosen)

    report, manifest = services.current().importing.run(
        place,
        chosen,
        _use(use),
        who,
        max_left_out=max_left_out,
        only_report=only_report,
        progress=show,
    )
    artifacts.publish_set_report(chosen, report)
    for sentence in report.sentences:
        logger.info("%s", sentence)
    if report.refusals and not only_report:
        raise InvalidDataset(" ".join(report.refusals))
    if manifest is not None:
        logger.info("Imported as %s; the next retraining takes it.", manifest.folder)
    return {"import": manifest.folder if manifest else "", **report.model_dump(mode="json")}


def _use(text: str) -> Use:
    try:
        return Use(text.strip().lower())
    except ValueError:
        raise InvalidDataset(
            f"{text!r} is no use of a labelled set; expected {', '.join(Use)}."
        ) from None


def main() -> None:
    """Run the flow here, with the settings of the environment."""
    parser = argparse.ArgumentParser(prog="python -m flows.import_set", description=__doc__)
    parser.add_argument("place", help="a folder, a zip archive, or s3://BUCKET/PREFIX")
    parser.add_argument("--name", default="", help="of the set; by default the folder's")
    parser.add_argument("--use", default="split", choices=[*Use], help="what it is for")
    parser.add_argument("--who", default=getpass.getuser(), help="who vouches for the labels")
    parser.add_argument("--max-left-out", type=float, default=0.05, help="share of the images, 0-1")
    parser.add_argument("--only-report", action="store_true", help="import nothing")
    arguments = parser.parse_args()
    place: str = arguments.place
    import_set(
        place if place.startswith("s3://") else str(Path(place).resolve()),
        arguments.who,
        arguments.name,
        arguments.use,
        arguments.max_left_out,
        arguments.only_report,
    )


if __name__ == "__main__":
    main()
