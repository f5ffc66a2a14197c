"""Orders from a file: read, checked line by line, entered whole or not at all.

Rules: docs/rules.md#import.
"""
