"""What `make sbom` and `make pip-audit` look at."""

from tools.shipped_packages import shipped


def test_what_the_image_brings_is_not_ours_to_list():
    resolved = (
        "apache-airflow==3.3.1\nboto3==1.43.56\npyarrow==25.0.0\nduckdb==2.0.0 ; python_version >= '3.12'\n# via x\n"
    )
    assert shipped(resolved, frozenset({"apache-airflow", "boto3"})) == ["pyarrow==25.0.0", "duckdb==2.0.0"]
