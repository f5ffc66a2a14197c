"""Seat licenses that become credits (docs/rules.md#conversion).

`rates` says what a unit is worth, `terms` converts, `codes` are what stands for a seat license
until it is activated, `guessing` limits who may try them.
"""
