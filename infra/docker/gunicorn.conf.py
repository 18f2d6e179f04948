"""Production web server: settings that the environment may change are read from it."""

import os

bind = "0.0.0.0:8000"  # inside the container's network; only nginx is published
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "4"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# A backend keeps memory for each network that it has served: workers, and their connections, are renewed.
max_requests = 5000
max_requests_jitter = 500
timeout = 30
graceful_timeout = 20
keepalive = 5
accesslog = "-"
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn's own advice for containers: heartbeats must not touch a disk
control_socket_disable = True
# nginx is the only client; it replaces these headers.
forwarded_allow_ips = "*"
