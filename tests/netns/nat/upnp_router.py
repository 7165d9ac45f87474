#!/usr/bin/env python3
"""upnp_router.py -- a UPnP gateway with habits that miniupnpd does not have.

    upnp_router.py ADDRESS EXTERNAL HABIT [OTHER]    SSDP at port 1900, HTTP at 5000

    permanent   has no leases: error 725, unless the lease is 0
    any         every port is taken (718), but AddAnyPortMapping finds one: IGD 2
    refuses     error 606, not authorised
    located     its description is said to be at OTHER
    controlled  its description names OTHER as the host to control it at
    junk        its description is a megabyte of noise
    deep        its description is a hundred thousand elements deep

Each action is one line on standard output.
"""
import http.server
import random
import re
import socket
import socketserver
import sys
import threading

address, external, habit = sys.argv[1:4]
other = sys.argv[4] if len(sys.argv) > 4 else address
version = 2 if habit == "any" else 1
service = f"urn:schemas-upnp-org:service:WANIPConnection:{version}"
location = f"http://{other if habit == 'located' else address}:5000/desc.xml"


def description():
    if habit == "junk":
        return random.Random(1).randbytes(1 << 20)
    if habit == "deep":
        return b"<a>" * 100000
    base = f"http://{other}:5000" if habit == "controlled" else ""
    return f"""<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:{version}</deviceType>
<deviceList><device><deviceList><device><serviceList><service>
<serviceType>{service}</serviceType><controlURL>{base}/control</controlURL>
<eventSubURL>/event</eventSubURL><SCPDURL>/scpd.xml</SCPDURL>
</service></serviceList></device></deviceList></device></deviceList></device></root>""".encode()


def act(action, body):
    """The error, or what the answer has inside."""
    value = dict(re.findall(r"<(New\w+)>([^<]*)<", body))
    port, lease = value.get("NewExternalPort"), value.get("NewLeaseDuration")
    print(action, port, lease, flush=True)
    if action == "GetExternalIPAddress":
        return f"<NewExternalIPAddress>{external}</NewExternalIPAddress>"
    if action == "AddAnyPortMapping":
        return "<NewReservedPort>55555</NewReservedPort>"
    if action == "AddPortMapping" and habit == "refuses":
        return 606
    if action == "AddPortMapping" and habit == "any":
        return 718
    if action == "AddPortMapping" and habit == "permanent" and lease != "0":
        return 725
    return ""


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def reply(self, code, body):
        self.send_response(code)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.reply(200, description())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        action = self.headers["SOAPAction"].strip('"').split("#")[1]
        result = act(action, body)
        if isinstance(result, int):
            inside = f"<s:Fault><detail><UPnPError><errorCode>{result}</errorCode></UPnPError></detail></s:Fault>"
        else:
            inside = f'<u:{action}Response xmlns:u="{service}">{result}</u:{action}Response>'
        self.reply(500 if isinstance(result, int) else 200,
                   f'<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
                   f"<s:Body>{inside}</s:Body></s:Envelope>".encode())


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Not HTTPServer, which asks the name server who it is."""
    allow_reuse_address = True
    daemon_threads = True


web = Server((address, 5000), Handler)
threading.Thread(target=web.serve_forever, daemon=True).start()
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((address, 1900))
print("ready", flush=True)
while True:
    data, client = sock.recvfrom(2048)
    if data.startswith(b"M-SEARCH"):
        sock.sendto(f"HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
                    f"LOCATION: {location}\r\n\r\n".encode(), client)
