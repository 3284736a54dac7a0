"""Runs once when an interpreter starts: what `site` would have added, and no files."""
import builtins
import io
import os
import sys
import _sitebuiltins

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
