"""What is shown: views over stored things."""
