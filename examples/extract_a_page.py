"""The text of one page, as a run would extract it: python examples/extract_a_page.py [FILE.html]"""

import sys
from pathlib import Path

import winnow

PAGE = b"""<html><head><title>Winnowing</title><meta charset="utf-8"></head><body>
<nav><a href="/">Home</a> <a href="/tools">Tools</a></nav>
<article><h1>Winnowing</h1>
<p>The harvest is thrown into the wind, which blows the lighter chaff away. The heavier grain falls back down and is gathered for storage.</p>
<p>It has been done in this way for thousands of years, with baskets, fans and forks, wherever grain is grown.</p></article>
<footer>All rights reserved</footer></body></html>"""

if __name__ == "__main__":
    page = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else PAGE
    print(winnow.extract(page, url="https://example.org/winnowing"))
