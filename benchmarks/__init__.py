"""What is measured against which peer: `make bench`."""
