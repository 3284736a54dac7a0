"""Stands in for `os`: enough for the standard library to be imported. Nothing here reaches the system."""
import abc
import sys
import random_bytes as _random_bytes

name = 'posix'
linesep = '\n'
sep = '/'
altsep = None
curdir = '.'
pardir = '..'
extsep = '.'
pathsep = ':'
defpath = '/bin:/usr/bin'
devnull = '/dev/null'
SEEK_SET, SEEK_CUR, SEEK_END = 0, 1, 2
O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND = 0, 1, 2, 64, 128, 512, 1024
F_OK, R_OK, W_OK, X_OK = 0, 4, 2, 1
EX_OK = 0
environ = {}
environb = {}
supports_bytes_environ = True
supports_dir_fd = set()
supports_effective_ids = set()
supports_fd = set()
supports_follow_symlinks = set()
error = OSError


def urandom(size, /):
    return _random_bytes.take(size)


def getrandom(size, flags=0):
    return urandom(size)


def fspath(path):
    if isinstance(path, (str, bytes)):
        return path
    try:
        path_repr = type(path).__fspath__(path)
    except AttributeError:
        raise TypeError('expected str, bytes or os.PathLike object, not ' + type(path).__name__) from None
    if isinstance(path_repr, (str, bytes)):
        return path_repr
    raise TypeError('expected {}.__fspath__() to return str or bytes, not {}'.format(
        type(path).__name__, type(path_repr).__name__))


def fsencode(filename):
    filename = fspath(filename)
    return filename.encode('utf-8', 'surrogateescape') if isinstance(filename, str) else filename


def fsdecode(filename):
    filename = fspath(filename)
    return filename.decode('utf-8', 'surrogateescape') if isinstance(filename, bytes) else filename


class PathLike(abc.ABC):
    __slots__ = ()

    @abc.abstractmethod
    def __fspath__(self):
        raise NotImplementedError

    @classmethod
    def __subclasshook__(cls, subclass):
        if cls is PathLike:
            return hasattr(subclass, '__fspath__') or NotImplemented
        return NotImplemented

    __class_getitem__ = classmethod(type(list[int]))


class stat_result(tuple):
    __slots__ = ()


class terminal_size(tuple):
    __slots__ = ()
    columns = property(lambda self: self[0])
    lines = property(lambda self: self[1])


def get_terminal_size(fd=1):
    return terminal_size((80, 24))


def getcwd():
    return '/'


def getcwdb():
    return b'/'


def getpid():
    return 1


def getppid():
    return 0


def getuid():
    return 1000


geteuid = getgid = getegid = getuid


def getlogin():
    return 'user'


def cpu_count():
    return 1


process_cpu_count = cpu_count


def getenv(key, default=None):
    return environ.get(key, default)


def putenv(key, value):
    pass


unsetenv = putenv


def strerror(code):
    return 'error %d' % code


def _no_file(*args, **kwargs):
    where = args[0] if args else kwargs.get('path')
    raise FileNotFoundError(2, 'No such file or directory', where)


def _not_permitted(*args, **kwargs):
    raise PermissionError(1, 'Operation not permitted')


stat = lstat = listdir = scandir = open = readlink = remove = unlink = rmdir = chdir = utime = access_file = _no_file
chmod = rename = replace = removedirs = _no_file
mkdir = makedirs = symlink = link = system = popen = fork = kill = execv = execve = spawnv = pipe = dup = dup2 = _not_permitted
read = write = close = lseek = fstat = fdopen = truncate = ftruncate = waitpid = nice = umask = _not_permitted


def register_at_fork(**hooks):
    pass


def access(path, mode, **kwargs):
    return False


def isatty(fd):
    return False


def walk(top, topdown=True, onerror=None, followlinks=False):
    return iter(())


def _get_exports_list(module):
    try:
        return list(module.__all__)
    except AttributeError:
        return [name for name in dir(module) if name[0] != '_']


def no_open(file, mode='r', *args, **kwargs):
    if isinstance(mode, str) and ('w' in mode or 'a' in mode or 'x' in mode or '+' in mode):
        raise PermissionError(13, 'Permission denied', file)
    raise FileNotFoundError(2, 'No such file or directory', file)


class _signal(type(sys)):
    SIG_DFL, SIG_IGN, SIGINT, SIGTERM, SIGALRM = 0, 1, 2, 15, 14

    def signal(self, number, handler):
        return self.SIG_DFL

    def getsignal(self, number):
        return self.SIG_DFL

    def default_int_handler(self, number, frame):
        raise KeyboardInterrupt


sys.modules['signal'] = _signal('signal')
sys.modules['os'] = sys.modules['posix'] = sys.modules[__name__]
import posixpath as path
sys.modules['os.path'] = path
