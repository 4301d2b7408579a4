#!/bin/sh
# Run once by PostgreSQL's image, when its volume is empty: a database and an owner for each server.
# Names and descriptions come in any script, whatever the locale of the cluster: hence UTF-8.
set -eu
psql --username=postgres --set=ON_ERROR_STOP=1 \
  --set=prefect="$PREFECT_DATABASE_PASSWORD" --set=mlflow="$MLFLOW_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE DATABASE prefect OWNER prefect ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';
CREATE DATABASE mlflow OWNER mlflow ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE mlflow_users OWNER mlflow ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
SQL
