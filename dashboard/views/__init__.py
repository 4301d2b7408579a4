"""One module per page, each with a function that draws it.

The folder is not called `pages`: Streamlit takes a folder of that name beside the script for the
older kind of app, and the first visitor after a start would get an empty page.
"""
