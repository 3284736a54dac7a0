"""Indented by tabs."""


def tabbed():
	"""Every level is one tab."""
	total = 0
	for number in range(3):
		if number:
			total += number
	return total
