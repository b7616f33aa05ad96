"""What is kept: sessions and runs as directories of plain files."""
