"""What documents mean, as vectors: embeddings, clusters of them, neighbours, and the signals and decisions made of these."""
