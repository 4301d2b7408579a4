"""The script that Streamlit runs, in a folder of its own.

Streamlit takes any folder `pages` beside its script for an app of its older kind, even one without
a script in it (`PagesManager.uses_pages_directory`): the first visitor after a start who comes by
a link would get an empty page.
"""
