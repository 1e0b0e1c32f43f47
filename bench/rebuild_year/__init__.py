"""`make rebuild-year`: past reports made again in another process, locale, zone and hash order, compared byte for byte."""
