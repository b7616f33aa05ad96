"""The main flow: execute, measure, keep. It has the side effects and judges nothing."""
