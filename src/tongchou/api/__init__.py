"""The door for machines: JSON API, OpenAPI, tokens in use."""
