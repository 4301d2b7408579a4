"""Which predictions no person needs to look at, and on what evidence that rests.

`judging` is the one place that says of a prediction whether it is accepted: rows, replay, API,
pages and reports all come through it. `thresholds` chooses the confidence from which on it says
yes, from labelled predictions, `choice` does so for each source, and `drawing` says which images
are audited.
"""
