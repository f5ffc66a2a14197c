"""What only a development installation has: the mails that were sent, and travel through time."""
