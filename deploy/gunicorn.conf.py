"""How the web process is run, the same on a laptop and behind the proxy. Every value can be set from outside."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
# A worker is renewed now and then, so that memory that leaks somewhere below us never adds up.
max_requests = 2000
max_requests_jitter = 200
timeout = 60
graceful_timeout = 20
keepalive = 5
# The heartbeat file of a worker must not sit on a slow disk: a stalled write looks like a dead worker.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 memory, not a shared temporary folder
# A command channel nobody here uses.
control_socket_disable = True
# Requests are logged by the application, with the request id and without personal data; the server's own lines look the same.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "salescontrol.core.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "gunicorn.error": {
            "handlers": ["console"],
            "level": os.environ.get("GUNICORN_LOG_LEVEL", "warning").upper(),
            "propagate": False,
            "qualname": "gunicorn.error",
        },
    },
}
