"""Where operators are executed: a narrow port, and the engines behind it."""
