#: socket_connect
import socket
connection = socket.create_connection(('127.0.0.1', @PORT@), timeout=1)
connection.sendall(b'ESCAPED')
print('ESCAPED')
#: raw_socket_module
import _socket
connection = _socket.socket()
connection.connect(('127.0.0.1', @PORT@))
print('ESCAPED')
#: urlopen
import urllib.request
print('ESCAPED', urllib.request.urlopen('http://127.0.0.1:@PORT@/', timeout=1).read(1))
#: http_client
import http.client
connection = http.client.HTTPConnection('127.0.0.1', @PORT@, timeout=1)
connection.request('GET', '/')
print('ESCAPED')
#: asyncio_connection
import asyncio
async def main():
    await asyncio.open_connection('127.0.0.1', @PORT@)
    print('ESCAPED')
asyncio.run(main())
#: select_and_ssl
for name in ('select', 'selectors', 'ssl', '_ssl', 'socketserver', 'xmlrpc.client', 'smtplib', 'ftplib'):
    try:
        __import__(name)
        print(name)
    except ImportError as error:
        print(name, 'absent')
import selectors
selectors.DefaultSelector().register(100, 1)
print('ESCAPED')
#: name_resolution
import socket
print('ESCAPED', socket.getaddrinfo('localhost', 80))
