"""The shipped sections of the report: one module each, with its HTML fragment beside it. They register themselves when they are imported."""
