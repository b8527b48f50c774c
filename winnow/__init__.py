"""Winnow: Common Crawl snapshots in, curated training corpora out."""
