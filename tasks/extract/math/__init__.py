"""Formulas of web pages as LaTeX: where a page keeps them (``sources``), how it marks them in text (``delimiters``), and converters of other notations.

Everything here is a pure function of strings, so that any parser of pages can call it. Nothing here walks a page or chooses blocks.
"""
