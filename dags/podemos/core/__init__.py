"""What every concern shares. Standard library only: Glue jobs import it."""
