#!/bin/sh
# Runs once, when the database container makes its data directory.
set -eu
psql --username postgres --dbname salescontrol \
    --variable owner_password="$DB_OWNER_PASSWORD" --variable app_password="$DB_APP_PASSWORD" --file /roles.sql
