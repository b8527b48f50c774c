"""HTML to text, one extractor per file behind ``base.Extractor``. A recipe names one as ``module.Class``."""
