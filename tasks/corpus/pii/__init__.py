"""Personal data in texts: one module per kind in ``kinds/``, found by shape, checksum and context, and replaced by what stands for nobody.

The search, the replacing and the measuring against labelled files are here; what becomes of the spans in a run is in ``tasks/corpus/redact.py``.
"""
