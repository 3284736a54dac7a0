# Nothing but a comment: valid Python, no functions, no statements.
