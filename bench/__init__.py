"""One command a figure: `python -m bench [NAME …]` prints each as a table and as JSON."""
