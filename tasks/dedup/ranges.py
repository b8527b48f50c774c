"""Ranges of 64-bit keys: how a step over the whole crawl is spread over partitions, and a partition over pieces that fit the memory bound."""


def key_range(part: int, parts: int) -> tuple[int, int]:
    """First and last 64-bit key of one of ``parts`` equal ranges."""
    return (1 << 64) * part // parts, (1 << 64) * (part + 1) // parts - 1
