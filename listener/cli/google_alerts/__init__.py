"""What teams bring along from the tools they used before."""
