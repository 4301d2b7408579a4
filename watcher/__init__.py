"""The warm process: sweeps the inbox about once a second and scores in-process."""
