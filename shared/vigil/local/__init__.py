"""The local cloud: stand-ins for Google's services, the scheduler, the functions."""
