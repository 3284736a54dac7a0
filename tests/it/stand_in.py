# Stands in for a worker: greets as a template does, forks for each session, and does there what the test says.
# Next to it lie `greeting` and `says`, frames that it sends, and `starts`, `sessions` and `ends`, which it adds a line to.
import os
import signal
import socket
import sys
import time

FOLDER = os.path.dirname(os.path.abspath(sys.argv[0]))


def read(name):
    with open(os.path.join(FOLDER, name), 'rb') as file:
        return file.read()


def note(name):
    with open(os.path.join(FOLDER, name), 'a') as file:
        file.write('\n')


def varint(number):
    encoded = bytearray()
    while number >= 0x80:
        encoded.append(number & 0x7f | 0x80)
        number >>= 7
    return bytes(encoded) + bytes([number])


def answer(body):
    control.sendall(len(body).to_bytes(4, 'little') + body)


def in_session(reply):
    ACT
    os._exit(0)


note('starts')
control = socket.socket(fileno=os.dup(0))
control.sendall(read('greeting'))
child = None
while True:
    request, descriptors, _, _ = socket.recv_fds(control, 4096, 80)
    if not request:
        break
    if request[4] == 0:
        AT_BEGIN
        note('sessions')
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            control.close()
            in_session(descriptors[1])
        for descriptor in descriptors:
            os.close(descriptor)
        answer(b'\x01')
    else:
        status = -1
        if child:
            if request[5] == 0:
                os.kill(child, signal.SIGKILL)
            status = os.waitpid(child, 0)[1]
            child = None
        answer(b'\x03' + varint(status << 1 if status >= 0 else (-status << 1) - 1))
if child:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
note('ends')
