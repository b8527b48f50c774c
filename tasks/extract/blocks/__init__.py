"""What a page says, as typed blocks, and the writers that make text of them. Which blocks are content is decided in ``extractors/``."""
