"""Controls of an artifact: what moves what is heard, found and measured on its own sound."""
