"""The demo city: real divisions, figures and dates; invented people, firms and cases."""
