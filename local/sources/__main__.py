"""`python -m local.sources`."""

from local.sources.cli import app

if __name__ == "__main__":
    app()
