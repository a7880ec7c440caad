"""Who imports whom and how large each app is: a picture and a table, made from the code."""
