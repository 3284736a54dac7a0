"""Runs once when an interpreter starts: what `site` would have added, and no files."""
import builtins
import io
import os
import _sitebuiltins

builtins.open = io.open = os.no_open
builtins.exit = _sitebuiltins.Quitter('exit', 'Ctrl-D (i.e. EOF)')
builtins.quit = _sitebuiltins.Quitter('quit', 'Ctrl-D (i.e. EOF)')
