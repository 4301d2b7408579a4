"""One folder for each page: `page.py` draws it, `queries.py` and `charts.py` know no Streamlit."""
