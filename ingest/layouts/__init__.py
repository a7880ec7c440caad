"""Files of readings as people have them: what is in them is found out, shown, corrected and read.

`detect.understand` looks at a file and says what it takes it for; `reading.read` reads the file as
that says. Between the two stands a plain value, `understood.Understood`, which people may correct.
"""
