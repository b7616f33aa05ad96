"""Why figures may mislead: what to look for in a stored run, one module a family."""
