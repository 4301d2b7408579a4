"""The pages people look at. Queries and charts know no Streamlit; pages only arrange them."""
