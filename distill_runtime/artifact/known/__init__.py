"""The graphs that distill-export writes, recognised by their structure."""
