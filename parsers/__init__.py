"""Bytes in, typed form values out: labels, layouts and values of the forms people send."""
