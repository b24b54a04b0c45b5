"""The language model: found or fetched, run in a child process of its own, ended when idle."""
