"""Bunko's own API, and the page."""
