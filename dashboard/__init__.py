"""The pages people look at. Queries and charts know no Streamlit; pages only arrange them.

What asks the store, MLflow or Prefect raises Unavailable if it does not answer and AccessDenied if
it refuses the credentials; docstrings name only what else they raise.
"""
