// SPDX-License-Identifier: MIT
import type {Guest} from '../lab/guest.ts';

/** NPtcp serves one client with one choice of sizes, so each row has a port. */
export const netpipe = {
	byte: {port: 5010, options: '-l 1 -u 1 -n 2000 -p 0'},
	large: {port: 5011, options: '-l 65536 -u 65536 -n 200 -p 0'},
} as const;

// It ends after each client.
const pipes = Object.values(netpipe)
	.map(
		({port, options}) =>
			`setsid sh -c 'while NPtcp -P ${port} ${options} -o /dev/null; do :; done' >/dev/null 2>&1 </dev/null &`,
	)
	.join('\n');

/** Waits until somebody listens on each of these TCP ports. */
export const listening = (...ports: readonly number[]) => `for port in ${ports.join(' ')}; do
		until ss -Htln sport = $port | grep -q .; do busybox usleep 50000; done
	done`;

/** The servers of the demo's rows and of most others; over when they listen. */
export const startServers = `iperf3 --server --daemon
	redis-server --bind '*' '-::*' --protected-mode no --save '' --dir /tmp --daemonize yes >/dev/null
	for options in '--tcp --port 11111' '--port 11112'; do
		setsid sockperf server $options >/dev/null 2>&1 </dev/null &
	done
	${pipes}
	${listening(5201, 6379, 11111, netpipe.byte.port, netpipe.large.port)}
	until ss -Huln sport = 11112 | grep -q .; do busybox usleep 50000; done`;

/** What the programs of the bench ask. */
export async function startMoreServers(machine: Guest): Promise<void> {
	await machine.push('/tmp/nginx.conf', nginx);
	for (const command of [web, postgresql, 'memcached -u root -d -l 0.0.0.0', nfs, rsync]) {
		await machine.run(command, {timeout: 300_000});
	}
	await machine.run(listening(8080, 5432, 11211, 2049, 873));
}

export const nfsMiB = 64;

const nginx = `user root;
	worker_processes 1;
	error_log /tmp/nginx.log;
	pid /tmp/nginx.pid;
	events {}
	http {
		access_log off;
		sendfile on;
		tcp_nopush on;
		keepalive_requests 1000000;
		server { listen 8080; listen [::]:8080; root /tmp/www; }
	}`;

const web = `mkdir -p /tmp/www
	head -c 1K /dev/urandom >/tmp/www/1K
	head -c 1M /dev/urandom >/tmp/www/1M
	nginx -c /tmp/nginx.conf`;

// Nothing here must outlive the guest, so nothing waits for a disk.
const postgresql = `mkdir -p /run/postgresql && chown postgres /run/postgresql
	at=$(echo /etc/postgresql/*/main)
	for net in 0.0.0.0/0 ::/0; do echo "host all all $net trust"; done >$at/pg_hba.conf
	pg_ctlcluster $(basename $(dirname $at)) main start -o '-c listen_addresses=* -c fsync=off'
	pgbench -h 127.0.0.1 -U postgres -i -q -s 1 postgres 2>/dev/null`;

const nfs = `mkdir -p /srv/nfs && mount -t tmpfs nfs /srv/nfs
	head -c ${nfsMiB}M /dev/zero >/srv/nfs/file
	modprobe nfsd && mount -t nfsd nfsd /proc/fs/nfsd
	echo '/srv/nfs *(rw,fsid=0,no_root_squash,no_subtree_check,async,insecure)' >/etc/exports
	rpcbind -w && rpc.mountd && exportfs -ra && rpc.nfsd -V 4 4`;

const rsync = `for folder in 0 1 2 3 4 5 6 7; do
		mkdir -p /tmp/tree/$folder
		for file in 0 1 2 3 4 5 6 7; do
			head -c 128K /dev/urandom >/tmp/tree/$folder/$file
		done
	done
	printf 'use chroot = no\\nuid = root\\ngid = root\\n[tree]\\npath = /tmp/tree\\n' >/tmp/rsyncd.conf
	rsync --daemon --config=/tmp/rsyncd.conf`;
