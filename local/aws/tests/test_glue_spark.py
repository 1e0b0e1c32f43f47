"""Spark over s3://: one job does everything and prints what it found; the tests read it. Two more jobs die."""

from __future__ import annotations

import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import BUCKET

SMALL_FILES = 120

EVERYTHING = """
    import json, os, sys, urllib.request
    from awsglue.utils import getResolvedOptions
    from pyspark.sql import SparkSession, functions as F
    from pyspark.sql.types import LongType
    from tienda.reglas import doble

    args = getResolvedOptions(sys.argv, ["JOB_NAME", "ROOT", "BIG"])
    spark = SparkSession.builder.appName(args["JOB_NAME"]).getOrCreate()
    root = args["ROOT"]
    found = {}

    def requests():
        with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_local/health") as answer:
            return json.load(answer)["s3_requests"]
    before = requests()
    small = spark.read.parquet(root + "/small")
    found["small"] = small.agg(F.count("*"), F.sum("centavos")).first().asDict()
    found["small_requests"] = requests() - before

    frame = spark.range(100).withColumn("zona", F.concat(F.lit("zona ñ="), F.col("id") % 3))
    frame.write.partitionBy("zona").parquet(root + "/partitioned")
    found["partitioned"] = spark.read.parquet(root + "/partitioned").groupBy("zona").count().orderBy("zona").collect()
    frame.limit(10).write.mode("append").partitionBy("zona").parquet(root + "/partitioned")
    found["appended"] = spark.read.parquet(root + "/partitioned").count()
    frame.limit(7).write.mode("overwrite").partitionBy("zona").parquet(root + "/partitioned")
    found["overwritten"] = spark.read.parquet(root + "/partitioned").count()

    try:
        frame.write.parquet(root + "/partitioned")
    except Exception as error:
        found["exists"] = type(error).__name__

    found["udf"] = frame.select(F.udf(doble, LongType())("id").alias("d")).agg(F.sum("d")).first()[0]

    def forbidden(value):
        import pydantic
        return value
    try:
        frame.select(F.udf(forbidden, LongType())("id")).collect()
    except Exception as error:
        found["udf_refused"] = "'pydantic' on AWS Glue 5.0" in str(error)

    path = spark._jvm.org.apache.hadoop.fs.Path
    fs = path(root).getFileSystem(spark._jsc.hadoopConfiguration())
    def write(key, text, overwrite=True):
        out = fs.create(path(key), overwrite)
        out.write(bytearray(text.encode()))
        out.close()
    def names(key):
        return sorted(status.getPath().getName() for status in fs.listStatus(path(key)))
    def error_of(call):
        try:
            call()
        except Exception as error:
            return error.java_exception.getClass().getSimpleName() + ": " + str(error.java_exception.getMessage())
    write(root + "/fs/a/one.txt", "1")
    write(root + "/fs/a/b/two.txt", "22")
    fs.mkdirs(path(root + "/fs/a/empty"))
    found["list"] = names(root + "/fs/a")
    found["create_existing"] = error_of(lambda: write(root + "/fs/a/one.txt", "x", overwrite=False))
    found["create_foreign"] = error_of(lambda: write(root + "/small/part-000.parquet", "x", overwrite=False))
    found["delete_full_folder"] = error_of(lambda: fs.delete(path(root + "/fs/a"), False))
    found["rename_folder"] = fs.rename(path(root + "/fs/a"), path(root + "/fs/c"))
    found["renamed"] = names(root + "/fs/c"), fs.exists(path(root + "/fs/a"))
    found["rename_missing"] = fs.rename(path(root + "/fs/none"), path(root + "/fs/x"))
    found["length"] = fs.getFileStatus(path(root + "/fs/c/b/two.txt")).getLen()
    found["deleted"] = fs.delete(path(root + "/fs/c"), True), fs.exists(path(root + "/fs/c"))
    found["missing"] = error_of(lambda: fs.open(path(root + "/fs/none")))
    found["open_folder"] = error_of(lambda: fs.open(path(root + "/small")))
    nowhere = path("s3://no-such-bucket/x")
    found["no_bucket"] = error_of(lambda: nowhere.getFileSystem(spark._jsc.hadoopConfiguration()).open(nowhere))
    found["big"] = spark.read.parquet(args["BIG"]).agg(F.count("*"), F.sum("n")).first().asDict()
    print(json.dumps(found))
    spark.read.parquet(root + "/nothing-here")
"""


@pytest.fixture(scope="module")
def outcome(aws):
    """The big job's run and what it printed."""
    s3 = aws.client("s3")
    for number in range(SMALL_FILES):
        _put_parquet(s3, f"spark/small/part-{number:03d}.parquet", pa.table({"centavos": [number, 1]}))
    big = pa.table({"n": pa.array(range(2_500_000), pa.int64())})
    _put_parquet(s3, "spark-big/one.parquet", big, compression="none", use_dictionary=False)
    assert s3.head_object(Bucket=BUCKET, Key="spark-big/one.parquet")["ContentLength"] > 16 << 20
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("tienda/__init__.py", "")
        writer.writestr("tienda/reglas.py", "def doble(valor):\n    return valor * 2\n")
    s3.put_object(Bucket=BUCKET, Key="libs/reglas.zip", Body=archive.getvalue())
    run = aws.run(
        EVERYTHING,
        {
            "--ROOT": f"s3://{BUCKET}/spark",
            "--BIG": f"s3://{BUCKET}/spark-big",
            "--extra-py-files": f"s3://{BUCKET}/libs/reglas.zip",
            "--conf": "spark.sql.shuffle.partitions=2 --conf spark.sql.ansi.enabled=true",
        },
    )
    lines = aws.lines(run)
    assert lines, (run, aws.lines(run, "error"))
    return run, json.loads(lines[-1])


def test_small_files_are_read_whole(outcome):
    expected = {"count(1)": 2 * SMALL_FILES, "sum(centavos)": sum(range(SMALL_FILES)) + SMALL_FILES}
    assert outcome[1]["small"] == expected


def test_a_small_file_costs_one_request(outcome):
    """One GET each, and a few for the folder; a HEAD or a second GET each would be twice as many."""
    assert SMALL_FILES <= outcome[1]["small_requests"] < 1.25 * SMALL_FILES


def test_a_big_file_is_read_in_ranges(outcome):
    assert outcome[1]["big"] == {"count(1)": 2_500_000, "sum(n)": sum(range(2_500_000))}


def test_partitions_are_written_appended_and_overwritten(outcome):
    found = outcome[1]
    assert found["partitioned"] == [["zona ñ=0", 34], ["zona ñ=1", 33], ["zona ñ=2", 33]]
    assert (found["appended"], found["overwritten"]) == (110, 7)
    assert found["exists"] == "AnalysisException"


def test_what_is_written_is_in_the_bucket_and_nothing_else(aws, outcome):
    listed = aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="spark/partitioned/")
    keys = [item["Key"] for item in listed["Contents"]]
    assert all(key.endswith((".parquet", "_SUCCESS")) for key in keys), keys
    assert not any("_temporary" in key or key.endswith("/") for key in keys)
    rows = sum(
        pq.read_table(io.BytesIO(aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())).num_rows
        for key in keys
        if key.endswith(".parquet")
    )
    assert rows == 7


def test_a_function_of_extra_py_files_runs_in_sparks_python_workers_under_the_same_guard(outcome):
    assert outcome[1]["udf"] == 2 * sum(range(100))
    assert outcome[1]["udf_refused"]


def test_the_file_system_lists_renames_and_deletes(outcome):
    found = outcome[1]
    assert found["list"] == ["b", "empty", "one.txt"]
    assert found["rename_folder"] is True
    assert found["renamed"] == [["b", "one.txt"], False]
    assert found["rename_missing"] is False
    assert found["length"] == 2
    assert found["deleted"] == [True, False]


def test_its_errors_name_the_object(outcome):
    found = outcome[1]
    assert found["create_existing"].startswith("FileAlreadyExistsException: ")
    assert found["create_foreign"] == f"FileAlreadyExistsException: s3://{BUCKET}/spark/small/part-000.parquet"
    assert found["delete_full_folder"].startswith("PathIsNotEmptyDirectoryException: ")
    assert found["missing"].startswith(f"FileNotFoundException: GET s3://{BUCKET}/spark/fs/none: HTTP 404 NoSuchKey")
    assert found["open_folder"] == f"FileNotFoundException: s3://{BUCKET}/spark/small is a folder"
    assert "NoSuchBucket" in found["no_bucket"]


def test_a_missing_path_is_the_runs_error(outcome):
    run = outcome[0]
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == (
        f"AnalysisException: [PATH_NOT_FOUND] Path does not exist: s3://{BUCKET}/spark/nothing-here."
    )


def test_a_killed_jvm_is_a_failed_run(aws):
    run = aws.run("""
        import os, signal
        from pyspark.sql import SparkSession
        spark = SparkSession.builder.getOrCreate()
        os.kill(int(spark._jvm.java.lang.ProcessHandle.current().pid()), signal.SIGKILL)
        spark.range(10).count()
    """)
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "Spark's JVM was killed by signal 9")


def _put_parquet(s3, key: str, table: pa.Table, **options) -> None:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    s3.put_object(Bucket=BUCKET, Key=key, Body=file.getvalue())
