"""One module a sub-command: parse its options, call the flow, print."""
