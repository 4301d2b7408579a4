"""The object store: the only place that knows boto3 and obstore.

Whatever asks the store raises Unavailable when it does not answer after its own retries, and
AccessDenied when it refuses the credentials.
"""
