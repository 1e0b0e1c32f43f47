"""`make rebuild-year`: past reports made again in other surroundings, compared byte for byte."""
