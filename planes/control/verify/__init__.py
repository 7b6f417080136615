"""Proofs over all headers: what is asked, and how it is answered, is told in README.md."""
