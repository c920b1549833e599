"""The demo city's rows: divisions, posts, places, residents; each step once only, resumed where it stopped."""
