"""How the control page is served: plain Django under gunicorn with threads, as many an office runs it."""

import os

bind = f"127.0.0.1:{os.environ['PORT']}"
worker_class = "gthread"
workers = 2
threads = 8
keepalive = 5
accesslog = None
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 memory, not a shared temporary folder
