"""A demonstration: invented projects, people and units, the same every time. Nothing of it is real."""
