"""Decontamination: benchmark items inside documents, found by exact n-grams, proved by their words, and tagged, cut or dropped.

``evals.py`` reads benchmarks, ``index.py`` holds their n-grams, ``detect.py`` finds and scores, ``modes.py`` has the published rules by name, and
``steps.py`` is what recipes call ``decontaminate``.
"""
