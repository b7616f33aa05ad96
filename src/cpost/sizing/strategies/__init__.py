"""How figures become requests; one module a strategy."""
