"""Files beside the engine: visits as Parquet by day, the contact index, the city file, the Ibis query."""
