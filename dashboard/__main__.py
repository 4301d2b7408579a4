"""Serve the pages: `python -m dashboard` in an environment that names the services.

Imports, clients of the store and the images of MNIST are there before the server listens;
`streamlit run` leaves all of it to the first visitor. Streamlit's own variables and options say
where it listens.
"""

import sys
from contextlib import suppress

from streamlit.web import cli

from dashboard import app, cached_readings, wiring
from mnist.errors import MnistError


def _prepare() -> None:
    """Make what every page needs; what is missing is said by the page that misses it."""
    with suppress(MnistError):
        wiring.inbox()
        wiring.results()
        cached_readings.dataset()


if __name__ == "__main__":
    _prepare()
    cli.main(["run", app.__file__, *sys.argv[1:]])
