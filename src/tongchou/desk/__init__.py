"""The office: my work, search, notices, sign-in purpose."""
