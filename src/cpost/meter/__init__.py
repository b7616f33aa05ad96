"""How an operator is measured: raw counters of the kernel, read as cheaply as can be."""
