"""The front door: assembly, settings, the command line. The only room that knows all the others."""
