"""Prefect flows: the order in which things happen, and nothing else."""
