"""One message in, one commit, the next message out."""
