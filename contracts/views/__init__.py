"""Pages of claims: holds, requests for them, waiting lists, and what they put on other apps' pages."""
