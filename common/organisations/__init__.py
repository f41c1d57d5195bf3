"""The organisation tree: headquarters, provinces, cities, counties and branches, communities."""
