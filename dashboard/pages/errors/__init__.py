"""Errors: which digits are confused, and the images behind every number."""
