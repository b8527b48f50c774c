"""What is done with harmful documents: from scores to actions, and the marker that tells a model that a text is harmful."""
