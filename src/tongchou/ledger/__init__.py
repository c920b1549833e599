"""The kernel: declare a ledger once; list, form, import, export and API follow."""
