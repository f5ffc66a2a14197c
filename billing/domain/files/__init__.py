"""Files that people send: read line by line, every problem named by its line."""
