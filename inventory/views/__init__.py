"""Pages of inventory, one module per noun."""
