"""What may be read of claims, requests and waiting lists."""
