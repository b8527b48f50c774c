"""Skills of a reference set (MASS): what its documents are about, how that hangs together, and how much of it every document of a crawl has."""
