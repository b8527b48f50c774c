"""What is done to a page that is written out again, before it is cut into blocks: declarative shadow roots open, read-only text areas are code.
Only pages in which ``page_kernels.cut`` saw something of the kind come here."""

import re

TEMPLATE = re.compile(rb"<(/?)template((?:\s[^>]*)?)>")
TEXT_AREA = re.compile(rb"<textarea((?:\s[^>]*)?\sreadonly[^>]*)>([^<]*)</textarea>")


def prepared(html: bytes, *, templates: bool, text_areas: bool) -> bytes:
    """A page as it is to be cut, in UTF-8. Linear."""
    if templates and b" shadowroot" in html:
        html = _opened(html)
    if text_areas and b" readonly" in html:
        html = TEXT_AREA.sub(rb"<pre\1>\2</pre>", html)
    return html


def _opened(html: bytes) -> bytes:
    """Templates that are shadow roots as plain elements: browsers show what is in them."""
    roots: list[bool] = []

    def tag(match: re.Match[bytes]) -> bytes:
        if not match[1]:
            root = b" shadowroot" in match[2]
            roots.append(root)
            return b"<div>" if root else match[0]
        return b"</div>" if roots and roots.pop() else match[0]

    return TEMPLATE.sub(tag, html)
