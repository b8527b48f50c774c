"""One module per kind of personal data. The module's docstring has its rule and the source of it; ``KIND`` is what the registry takes."""
