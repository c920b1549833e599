"""The pages that every ledger has: list, detail, form, action, sheets in and out."""
