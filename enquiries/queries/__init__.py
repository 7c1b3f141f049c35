"""What there is to read about customers, always from what the reader may see."""
