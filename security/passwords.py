"""Password rules as a profile (quality S1; `PASSWORD_PROFILE`)."""
