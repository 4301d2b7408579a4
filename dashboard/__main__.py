"""Serve the pages: `python -m dashboard` in an environment that names the services.

Everything is imported before the server listens, which `streamlit run` leaves to the first visitor.
Streamlit's own variables and options say where it listens.
"""

import sys

from streamlit.web import cli

from dashboard import app

if __name__ == "__main__":
    cli.main(["run", app.__file__, *sys.argv[1:]])
