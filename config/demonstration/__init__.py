"""A demonstration: customers with a year behind them, replayed under the movable clock."""
