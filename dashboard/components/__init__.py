"""What several pages share: controls, pictures, tables of batches, and queries kept in memory."""
