#: start_threads
import threading
threads = [threading.Thread(target=lambda: print('ran')) for _ in range(10)]
for thread in threads:
    thread.start()
#: low_level_thread
import _thread
_thread.start_new_thread(print, ('ran',))
#: thread_pool
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    print(list(pool.map(str, range(4))))
#: dead_lock
import threading
lock = threading.Lock()
lock.acquire()
lock.acquire()
#: wait_for_ever
import threading
threading.Event().wait()
#: queue_for_ever
import queue
queue.Queue().get()
#: timer
import threading
threading.Timer(0.01, lambda: print('late')).start()
#: asyncio_for_ever
import asyncio
async def main():
    await asyncio.get_running_loop().create_future()
asyncio.run(main())
#: read_standard_input
import sys
print(repr(sys.stdin.read()), repr(input()))
