"""Daily, weekly and monthly reports."""
