"""The parts of `credits.web.svg`: one module per kind of chart. Import from `credits.web.svg`."""
