"""Measurements as ratios, both sides in one run (`manage.py bench NAME`).

Each module here with `add_arguments(parser)` and `run(options) -> int` is one of them; what `run`
returns is the exit code.
"""
