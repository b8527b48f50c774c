"""Classifiers of documents: a small fastText model from examples of two kinds, its figures on examples held out, and its score of a document."""
