"""Many clients at a few hot units while connections, processes and the database die; a checker explains every answer.

`python -m benchmarks.race quick` for each commit, `python -m benchmarks.race long` for the long run; README.md of benchmarks tells more.
"""
