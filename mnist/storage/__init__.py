"""The object store: the only place that knows boto3 and obstore."""
