"""What is entered about customers."""
