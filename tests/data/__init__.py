"""The shipped sample snapshot and its builder."""
