# Two stages: what is needed to install never reaches the image that runs, and nothing in it runs as root.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/salescontrol
RUN python -m venv .venv
COPY requirements.txt .
RUN .venv/bin/pip install --require-hashes -r requirements.txt
COPY . .
# The trial's secrets that settings make for this step stay in /tmp of a stage that is thrown away.
RUN VAR_DIR=/tmp/build .venv/bin/python manage.py compile_translations \
    && .venv/bin/python -m compileall -q salescontrol inventory enquiries contracts security reports office

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 salescontrol \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin salescontrol
WORKDIR /srv/salescontrol
COPY --from=build /srv/salescontrol /srv/salescontrol
# Mount points, so that a fresh volume takes their owner.
RUN install -d -o 10001 -g 10001 -m 0700 /srv/var /srv/media && install -d -o 10001 -g 10001 -m 0755 /srv/var/static
ENV PATH=/srv/salescontrol/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    VAR_DIR=/srv/var \
    MEDIA_ROOT=/srv/media
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "deploy.web"]
