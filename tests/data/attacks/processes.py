#: os_system
import os
os.system('echo ESCAPED > @CANARY@')
print('ESCAPED')
#: subprocess_run
import subprocess
print('ESCAPED', subprocess.run(['/bin/sh', '-c', 'echo ESCAPED > @CANARY@']))
#: posixsubprocess_fork_exec
import _posixsubprocess
print('ESCAPED', _posixsubprocess.fork_exec([b'/bin/sh'], [b'/bin/sh'], True, (), None, None, -1, -1, -1, -1, -1, -1, -1, -1, False, False, 0, None, None, None, -1, None))
#: os_fork_and_exec
import os
for name in ('fork', 'forkpty', 'execv', 'posix_spawn', 'spawnv', 'popen'):
    try:
        print('ESCAPED', getattr(os, name)('/bin/sh', ['sh', '-c', 'echo ESCAPED > @CANARY@']))
    except Exception as error:
        print(name, type(error).__name__)
#: multiprocessing
import multiprocessing
child = multiprocessing.Process(target=print, args=('ESCAPED',))
child.start()
child.join()
#: concurrent_futures
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(1) as pool:
    print('ESCAPED', pool.submit(pow, 2, 3).result())
#: pty_and_commands
import pty
print('ESCAPED', pty.spawn('/bin/sh'))
