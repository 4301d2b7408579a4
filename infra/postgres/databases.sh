#!/bin/sh
# Run once by PostgreSQL's image, when its volume is empty: a database and an owner for each server.
set -eu
psql --username=postgres --set=ON_ERROR_STOP=1 \
  --set=prefect="$PREFECT_DATABASE_PASSWORD" --set=mlflow="$MLFLOW_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE DATABASE prefect OWNER prefect;
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';
CREATE DATABASE mlflow OWNER mlflow;
CREATE DATABASE mlflow_users OWNER mlflow;
SQL
