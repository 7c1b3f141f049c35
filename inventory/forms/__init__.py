"""Forms of inventory, one module per noun."""
