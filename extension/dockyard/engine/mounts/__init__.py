"""What is mounted in containers."""
