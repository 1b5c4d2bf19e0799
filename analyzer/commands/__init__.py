"""The commands of `keyshark`, one a file; what they share is in output.py and cases.py."""
