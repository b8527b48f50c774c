"""What a page says beside its text: metadata, links, images. Pure functions on a page that is written out again, one row or a list of rows each."""
