"""The sections of the page Errors."""
