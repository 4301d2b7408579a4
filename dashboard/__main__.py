"""Serve the pages: `python -m dashboard` in an environment that names the services.

Imports, clients of the store and the images of MNIST are there before the server listens;
`streamlit run` leaves all of it to the first visitor. Streamlit's own variables and options say
where it listens.
"""

import sys
from contextlib import suppress

from streamlit.web import cli

from dashboard.app import script
from dashboard.components import cached
from mnist import services
from mnist.errors import MnistError


def _prepare() -> None:
    """Make what every page needs; a page that misses something says so itself."""
    with suppress(MnistError):
        _ = services.current().inbox, services.current().results
        cached.dataset()


if __name__ == "__main__":
    _prepare()
    cli.main(["run", script.__file__, *sys.argv[1:]])
