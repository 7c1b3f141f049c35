"""What we are compared with: fixed scripts that know nothing of our code, so that they cannot drift with it."""
