"""Mistakes in orders are mended, and orders keep their history (docs/rules.md#correcting-orders).

Each act is one command for the customer's books; the order's own rows follow it in the same
transaction. `effect` says beforehand what an act would do.
"""
