"""What is entered for holds, requests and waiting lists."""
