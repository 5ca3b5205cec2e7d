"""The local cloud: stand-ins for Google's services, the scheduler loop and the function processes."""
