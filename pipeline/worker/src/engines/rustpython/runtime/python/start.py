"""Runs once when an interpreter starts: what `site` would have added, and no files."""
import builtins
import io
import os
import sys
import _random
import _sitebuiltins
import _thread
import time
import labels_native as _labels

builtins.open = io.open = os.no_open
builtins.exit = _sitebuiltins.Quitter('exit', 'Ctrl-D (i.e. EOF)')
builtins.quit = _sitebuiltins.Quitter('quit', 'Ctrl-D (i.e. EOF)')


class _Nothing:
    """Answers whatever is asked of `sys.monitoring`, and does nothing."""

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return 0 if name.isupper() else lambda *args, **kwargs: None


sys.monitoring = _Nothing()
sys.monitoring.events = _Nothing()


class _Missing:
    """Says at once that a library module cannot be loaded, and why: it wants a native one that is not here.

    Finding that out by loading it takes a tenth of a second each time, and the answer is always the same.
    """

    wants = {
        'asyncio': '_socket', 'ctypes': '_ctypes', 'distutils': 'distutils', 'doctest': '_socket',
        'ensurepip': '_posixsubprocess', 'ftplib': '_socket', 'http.client': '_socket', 'imaplib': '_socket',
        'multiprocessing': '_socket', 'pdb': '_socket', 'poplib': '_socket', 'pty': 'select',
        # The engine's own starts a thread, which the sandbox ends.
        'pyexpat': 'pyexpat',
        'selectors': 'select', 'smtplib': '_socket', 'socket': '_socket', 'socketserver': '_socket', 'sqlite3': '_sqlite3', 'ssl': '_ssl',
        'subprocess': '_posixsubprocess', 'test': 'test', 'tkinter': '_tkinter', 'unittest.mock': '_socket',
        'urllib.request': '_socket', 'venv': '_posixsubprocess', 'webbrowser': '_posixsubprocess',
    }

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name in cls.wants:
            wanted = cls.wants[name]
            raise ModuleNotFoundError(f'No module named {wanted!r}', name=wanted)
        return None


sys.meta_path.insert(0, _Missing)


class _Random(_random.Random):
    """A generator that nobody seeds takes its seed from the execution's own stream."""

    def __init__(self, *args):
        self.seed(*args)

    def seed(self, a=None):
        super().seed(int.from_bytes(os.urandom(8), 'little') if a is None else a)


_Random.__name__ = _Random.__qualname__ = 'Random'
_Random.__module__ = '_random'
_random.Random = _Random

# Where the executable lies and when it was built is nobody's business, and differs from machine to machine.
sys.executable = ''
sys.orig_argv = []
# As where a program is given as text.
sys.argv = ['']
sys.version = '{}.{}.{} (main, Jan  1 2026, 00:00:00) [RustPython]'.format(*sys.version_info[:3])


def _acquire(self, blocking=True, timeout=-1):
    """Nobody else gives a lock back here: who waits for one without a timeout waits for ever."""
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError('timeout value must be a non-negative number')
    if not self.locked_status:
        self.locked_status = True
        return True
    if blocking and timeout == -1:
        _labels.wait_for_ever()
    if blocking:
        time.sleep(timeout)
    return False


def _release(self):
    if not self.locked_status:
        raise RuntimeError('release unlocked lock')
    self.locked_status = False


def _acquire_again(self, blocking=True, timeout=-1):
    self.locked_count += 1
    return True


def _release_once(self):
    if not self.locked_count:
        raise RuntimeError('cannot release un-acquired lock')
    self.locked_count -= 1


def _noted(start):
    def started(*args, **kwargs):
        _labels.threads()
        return start(*args, **kwargs)
    started.__name__ = started.__qualname__ = start.__name__
    return started


for _class, _take, _give in (_thread.LockType, _acquire, _release), (_thread.RLock, _acquire_again, _release_once):
    _take.__name__, _give.__name__ = 'acquire', 'release'
    _take.__qualname__, _give.__qualname__ = _class.__name__ + '.acquire', _class.__name__ + '.release'
    _class.acquire = _class.__enter__ = _take
    _class.release = _give
for _name in 'start_new_thread', 'start_joinable_thread':
    setattr(_thread, _name, _noted(getattr(_thread, _name)))
