"""Measurements of this project against the ordinary way of doing the same."""
