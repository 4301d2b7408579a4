"""What pages show, asked of store and registry. No Streamlit here."""
