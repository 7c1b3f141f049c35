"""Writing: every function here is one named action."""
