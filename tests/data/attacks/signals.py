#: kill_the_parent
import os
os.kill(@PARENT@, 15)
print('ESCAPED')
#: kill_a_sibling
import os
import signal
os.kill(@SIBLING@, signal.SIGTERM)
print('ESCAPED')
#: pthread_kill
import signal
signal.pthread_kill(@SIBLING@, 15)
print('ESCAPED')
#: raise_signal
import signal
signal.raise_signal(9)
#: alarm_and_handlers
import signal
signal.signal(signal.SIGALRM, lambda *ignored: print('ESCAPED'))
signal.setitimer(signal.ITIMER_REAL, 0.01)
while True:
    pass
#: set_wakeup_fd
import signal
print(signal.set_wakeup_fd(101))
#: faulthandler
import faulthandler
faulthandler.enable()
faulthandler._sigsegv()
#: parent_id
import os
if os.getppid() == @PARENT@:
    print('ESCAPED')
