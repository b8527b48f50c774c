"""Asking models behind an OpenAI-compatible server: requests, answers kept by content, pace, cost, batch files. What is asked, and what an answer
means, belongs to those who ask (``tasks/labels``)."""
