// SPDX-License-Identifier: MIT
import type {Guest} from '../guest.ts';

const port = 10809;
const megabytes = 16;

/** Answers a network block device's writes, of which it keeps nothing, until told to end. */
const server = `import socket, struct
listener = socket.create_server(("", ${port}))
print("ready", flush=True)
peer = listener.accept()[0].makefile("rwb")
while True:
    _, kind, handle, _, length = struct.unpack(">II8sQI", peer.read(28))
    if kind == 2:
        break
    if kind == 1:
        peer.read(length)
    peer.write(struct.pack(">II8s", 0x67446698, 0, handle) + bytes(length if kind == 0 else 0))
    peer.flush()`;

/** Gives a socket of its own to the kernel, which writes to the device by it. */
const client = (host: string) => `import fcntl, os, socket, subprocess, time
peer = socket.create_connection((${JSON.stringify(host)}, ${port}))
device = os.open("/dev/nbd0", os.O_RDWR)
for request, value in ((0xab01, 4096), (0xab07, ${megabytes * 256}), (0xab00, peer.fileno())):
    fcntl.ioctl(device, request, value)
serving = os.fork()
if not serving:
    try:
        fcntl.ioctl(device, 0xab03)
    finally:
        os._exit(0)
while open("/sys/block/nbd0/size").read().strip() == "0":
    time.sleep(0.05)
subprocess.run(["dd", "if=/dev/zero", "of=/dev/nbd0", "bs=1M", "count=${megabytes}", "oflag=direct"], check=True)
fcntl.ioctl(device, 0xab08)
os.waitpid(serving, 0)`;

/** 16 MiB that the kernel of one guest writes to a block device that the other serves. */
export async function writeBlocks(from: Guest, to: Guest): Promise<void> {
	const python = (script: string) => `python3 - <<'END'\n${script}\nEND`;

	await to.run(`(${python(server)}\n) >/tmp/nbd.log 2>&1 &
		until grep -q ready /tmp/nbd.log; do kill -0 $!; busybox usleep 50000; done`);
	await from.run(`modprobe nbd nbds_max=1\n${python(client(to.name))}\nrmmod nbd`);
}
