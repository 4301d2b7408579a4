"""Overview: the champion, what was decided last, and whether all is well."""
