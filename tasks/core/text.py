"""PLACEHOLDER replaced by the signals work: Document."""


class Document:
    def __init__(self, text: str, *, id: str = "", url: str = "", language: str = "") -> None:
        self.text, self.id, self.url, self.language = text, id, url, language
