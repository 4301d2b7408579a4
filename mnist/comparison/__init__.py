"""Several models, or pipelines, on the same images."""
