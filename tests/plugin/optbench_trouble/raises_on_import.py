raise ZeroDivisionError("division by zero\x1b[31m")
