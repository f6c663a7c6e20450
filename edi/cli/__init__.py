"""The command line: words, tables and exit codes; one file per command group."""
