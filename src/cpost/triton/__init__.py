"""The servers that stand beside operators: Triton with models, or any other service."""
