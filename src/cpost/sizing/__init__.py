"""What follows from stored runs: figures and requests. Pure functions, nothing touched."""
