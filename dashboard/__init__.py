"""Streamlit pages for looking at models, batches and errors."""
