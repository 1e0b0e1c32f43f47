"""Everything that makes a Spark session start fast and find s3://: the settings, the JVM's command line, the jar."""

from __future__ import annotations

import os
import stat
import string
import sys
from collections.abc import Mapping
from pathlib import Path

import pyspark

from local.aws import jar
from local.aws.options import ServerOptions

_TEMPLATE = Path(__file__).resolve().parent / "spark-defaults.conf"
_LOG4J = Path(__file__).resolve().parent / "log4j2.properties"
_PYSPARK = Path(pyspark.__file__).resolve().parent

# What Spark's own launcher adds for Java 17 (org.apache.spark.launcher.JavaModuleOptions).
_OPENED = (
    "java.base/java.lang java.base/java.lang.invoke java.base/java.lang.reflect java.base/java.io java.base/java.net "
    "java.base/java.nio java.base/java.util java.base/java.util.concurrent java.base/java.util.concurrent.atomic "
    "java.base/jdk.internal.ref java.base/sun.nio.ch java.base/sun.nio.cs java.base/sun.security.action "
    "java.base/sun.util.calendar java.security.jgss/sun.security.krb5"
).split()


def write_settings(folder: Path, options: ServerOptions, extra: tuple[tuple[str, str], ...]) -> Path:
    """Fill `spark-defaults.conf` for one run; `extra` (the run's --conf) comes last and wins.

    Returns:
        `folder`, to be SPARK_CONF_DIR.
    """
    folder.mkdir(parents=True)
    values = {"endpoint": options.endpoint, "warehouse": str(folder.parent / "tmp" / "warehouse")}
    text = string.Template(_TEMPLATE.read_text()).substitute(values)
    text += "".join(f"{key} {value}\n" for key, value in extra)
    (folder / "spark-defaults.conf").write_text(text)
    (folder / "log4j2.properties").write_text(_LOG4J.read_text())
    return folder


def environment(options: ServerOptions, conf: Path) -> Mapping[str, str]:
    """What a process needs in its environment so that `SparkSession.builder.getOrCreate()` is the local one."""
    return {
        "SPARK_HOME": str(_spark_home(options)),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
    }


def _spark_home(options: ServerOptions) -> Path:
    """A SPARK_HOME whose `spark-submit` starts the driver's JVM at once.

    PySpark's own starts a second JVM, only to compute the first one's command line: a second of every run.
    """
    home = options.home / "spark-home"
    submit = home / "bin" / "spark-submit"
    submit.parent.mkdir(parents=True, exist_ok=True)
    classpath = f"{jar.build(options.build)}{os.pathsep}{_PYSPARK / 'jars'}/*"
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in os.environ else Path("java")
    flags = [
        f"-Xmx{options.spark_memory}",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xshare:auto",
        "-XX:+IgnoreUnrecognizedVMOptions",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dfile.encoding=UTF-8",
        "-Duser.timezone=UTC",
        *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENED),
    ]
    body = (
        "#!/bin/sh\n"
        f'exec "{java}" -cp "$SPARK_CONF_DIR:{classpath}" -Djava.io.tmpdir="$TMPDIR" {" ".join(flags)} '
        'org.apache.spark.deploy.SparkSubmit "$@"\n'
    )
    if not submit.exists() or submit.read_text() != body:
        draft = submit.with_suffix(f".{os.getpid()}")
        draft.write_text(body)
        draft.chmod(draft.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        draft.replace(submit)
    return home
