"""Reading: what a user may see is decided in `scope`, once."""
