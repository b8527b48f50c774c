"""Consent: what sites say about the use of their pages. It is read and reported with its evidence; nothing is dropped here."""
