"""Recall of a topic from a crawl, from a few seeds, in rounds of training, scoring and judging (Shao et al. 2024, DeepSeekMath; Lu et al. 2024, MathCoder2)."""
