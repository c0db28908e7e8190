"""Networks: which containers know each other by name, and the address of each."""
