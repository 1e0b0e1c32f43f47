"""Everything that makes a Spark session start fast and find s3://: the settings, the JVM's command line, the jar."""

from __future__ import annotations

import os
import string
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyspark

from local.aws import jar
from local.aws.options import ServerOptions

_HERE = Path(__file__).resolve().parent
_TEMPLATE = _HERE / "spark-defaults.conf"
_LOG4J = _HERE / "log4j2.properties"
_PYSPARK_JARS = Path(pyspark.__file__).resolve().parent / "jars"

# What Spark's own launcher adds for Java 17 (org.apache.spark.launcher.JavaModuleOptions).
_OPENED = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
)
# One compiler tier and one collector thread: a job lives for seconds on two cores.
_JVM_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dfile.encoding=UTF-8",
    "-Duser.timezone=UTC",
)


def write_settings(folder: Path, options: ServerOptions, extra: Sequence[tuple[str, str]]) -> Path:
    """Fill `spark-defaults.conf` for one run; `extra` (the run's --conf) comes last and wins.

    Returns:
        `folder`, to be SPARK_CONF_DIR.
    """
    folder.mkdir(parents=True)
    values = {"endpoint": options.endpoint, "warehouse": str(folder.parent / "tmp" / "warehouse")}
    text = string.Template(_TEMPLATE.read_text()).substitute(values)
    text += "".join(f"{key} {value}\n" for key, value in extra)
    (folder / "spark-defaults.conf").write_text(text)
    return folder


def environment(options: ServerOptions, conf: Path, *, train: bool = False) -> Mapping[str, str]:
    """What a process needs in its environment so that `SparkSession.builder.getOrCreate()` is the local one.

    Args:
        options: the server's.
        conf: the folder of the run's settings.
        train: write the class archive when the JVM ends, instead of reading it.

    Raises:
        CompilerMissing: there is no javac to build the s3:// file system.
    """
    archive = class_archive(options)
    if train:
        sharing = f"-XX:ArchiveClassesAtExit={archive}"
    else:
        sharing = f"-XX:SharedArchiveFile={archive}" if archive.exists() else ""
    return {
        "SPARK_HOME": str(_spark_home(options)),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "LOCAL_GLUE_HEAP": options.spark_memory,
        "LOCAL_GLUE_SHARING": sharing,
    }


def class_archive(options: ServerOptions) -> Path:
    """Where the JVM's class data archive of this jar and PySpark is, or would be (see `warm`)."""
    return jar.build(options.build).with_suffix(".jsa")


def _spark_home(options: ServerOptions) -> Path:
    """A SPARK_HOME whose `spark-submit` starts the driver's JVM at once.

    PySpark's own starts a second JVM, only to compute the first one's command line: a second of every run. The class
    path names every jar, and no folder, because a class archive is only valid for exactly that.
    """
    home = options.build / "spark-home"
    submit = home / "bin" / "spark-submit"
    submit.parent.mkdir(parents=True, exist_ok=True)
    java = f"{os.environ['JAVA_HOME']}/bin/java" if "JAVA_HOME" in os.environ else "java"
    classpath = os.pathsep.join(str(path) for path in (jar.build(options.build), *sorted(_PYSPARK_JARS.glob("*.jar"))))
    flags = [*_JVM_FLAGS, *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPENED)]
    body = (
        "#!/bin/sh\n"
        f'exec "{java}" -Xmx"$LOCAL_GLUE_HEAP" $LOCAL_GLUE_SHARING -cp "{classpath}" '
        f'-Djava.io.tmpdir="$TMPDIR" -Dlog4j2.configurationFile="{_LOG4J}" {" ".join(flags)} '
        'org.apache.spark.deploy.SparkSubmit "$@"\n'
    )
    if not submit.exists() or submit.read_text() != body:
        draft = submit.with_suffix(f".{os.getpid()}")
        draft.write_text(body)
        draft.chmod(0o755)
        draft.replace(submit)
    return home
