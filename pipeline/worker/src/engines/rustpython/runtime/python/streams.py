"""The classes of the program's standard streams, over native functions. Run once when an interpreter starts."""
import streams_native as _native


class TextIOWrapper:
    encoding = 'utf-8'
    errors = 'strict'
    mode = 'w'
    newlines = None
    line_buffering = True
    write = staticmethod(_native.write)
    flush = staticmethod(_native.flush)
    close = staticmethod(_native.close)
    isatty = staticmethod(_native.isatty)
    closed = property(lambda self: _native.is_closed())

    def __init__(self, name):
        self.name = name

    def writelines(self, lines):
        for line in lines:
            self.write(line)

    def readable(self):
        return False

    seekable = readable

    def writable(self):
        return True

    def fileno(self):
        import io
        raise io.UnsupportedOperation('fileno')

    def detach(self):
        return self.buffer

    def reconfigure(self, **options):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    @property
    def buffer(self):
        return BufferedWriter()


class Discarding(TextIOWrapper):
    errors = 'backslashreplace'
    closed = False
    write = staticmethod(len)

    def flush(self):
        pass

    close = flush

    def isatty(self):
        return False


class BufferedWriter:
    write = staticmethod(_native.write_bytes)
    flush = staticmethod(_native.flush)
    closed = property(lambda self: _native.is_closed())

    def writable(self):
        return True


for _class in (TextIOWrapper, Discarding, BufferedWriter):
    _class.__module__ = '_io'
Discarding.__name__ = Discarding.__qualname__ = 'TextIOWrapper'
