"""Profile: typed counts per shard that the report adds up, so that no report ever reads the documents again.

Here is what is counted; how shards are added up is in ``tasks/report/tallies.py``, and how it is drawn in ``tasks/report/sections/``.
Nothing here decides anything or enters a corpus.
"""
