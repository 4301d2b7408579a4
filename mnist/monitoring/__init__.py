"""Whether what comes in and goes out is still what it was: pure statistics over rows."""
