"""The model registry: the only place that knows MLflow.

Whatever asks it raises Unavailable when it does not answer, and AccessDenied when it refuses the
credentials.
"""
