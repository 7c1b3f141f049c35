"""Measurements beside the limit of the machine; see README.md in this folder."""
