"""What writes claims."""
