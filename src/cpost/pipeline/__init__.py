"""What is to be executed: the definition file, read into nouns."""
