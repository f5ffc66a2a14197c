"""Units of an estimate from a file that somebody sends: read, never kept, problems by their cell.

Rules: docs/rules.md#estimate-import.
"""
