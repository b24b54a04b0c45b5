"""How scans come in: hear that something changed, see what lies there, wait until it is whole, take it."""
