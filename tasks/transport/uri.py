"""Names of places: a local path, ``https://`` or ``s3://``; how they are joined, and how a message may show them."""

import re
from urllib.parse import quote, urlsplit, urlunsplit

AT_THE_HEAD = re.compile(r"^([a-z]+:)?[a-z0-9+]+://[^/]*@", re.IGNORECASE)
IN_A_URI = re.compile(r"(?<=:/)(/?)[^/@\s'\"]+@")  # a path is normalised to one slash
IN_A_QUERY = re.compile(r"([?&][\w.-]*(?:key|token|secret|signature|password|credential|sig)=)[^&\s'\",;]+", re.IGNORECASE)
HIDDEN = "***"


def scheme(root: str) -> str:
    """'file' for a local path, else the scheme of the URI in lower case ('s3a' reads as 's3')."""
    found = root.partition("://")[0].lower() if "://" in root else "file"
    return "s3" if found == "s3a" else found


def join_url(root: str, path: str) -> str:
    """URL of a file below a root; a query in the root (a signed mirror) stays behind the path."""
    parts = urlsplit(root)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/" + quote(path, safe="/~!$&'()*+,;=:@", errors="surrogateescape")))


def shown(url: str) -> str:
    """A URL or path as messages may show it: without user, password, query or fragment, which may be secrets."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def has_credentials(uri: str) -> bool:
    """Whether a URI names a user, and so perhaps a password, before its host."""
    return bool(AT_THE_HEAD.match(uri))


def without_credentials(text: str) -> str:
    """A text whose URIs name no user and no password, nor the value of a parameter that is called like a key."""
    return IN_A_QUERY.sub(rf"\1{HIDDEN}", IN_A_URI.sub(rf"\1{HIDDEN}@", text))
