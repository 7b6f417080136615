"""The checks of a plan: what each kind of them does to a lab, and what it sees."""
