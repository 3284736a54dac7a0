"""Python 2: a print statement, an old except clause, a backquoted repr."""


def greet():
    name = "world"
    print "hello, %s" % name
    try:
        return `name`
    except ValueError, error:
        print error
