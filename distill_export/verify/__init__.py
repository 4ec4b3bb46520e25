"""What an export must show before it is written."""
