"""Ledgers and pages of what stands below the kernel: area, post, user, rule, audit, job."""
