"""What the flows share: artifacts, events, retries, the sweep, and where chunks are scored."""
