"""Charts, from numbers alone; one module for each page or subject. No Streamlit here."""
