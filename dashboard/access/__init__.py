"""Who looks at the pages, and who may change something."""
