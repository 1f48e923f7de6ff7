// SPDX-License-Identifier: MIT
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';

/* Node has no sockets of datagrams in the file system; perl is on every Debian. A line of hexadecimal digits each. */
const program = `
	use IO::Socket::UNIX;
	my $path = $ARGV[0] =~ s/^@/\\0/r;
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $path) or die "$!";
	$| = 1;
	print "\\n";
	while (defined $socket->recv(my $data, 65536)) {
		print unpack("H*", $data), "\\n";
		exit if $data eq "end";
	}
`;

export type Receiver = {readonly process: ChildProcess; heard(): string[]};

/** A path for a socket, which goes with the test. */
export async function pathFor(t: ExecutionContext): Promise<string> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-notify-'));
	t.teardown(() => rm(folder, {recursive: true}));

	return join(folder, 'socket');
}

/** Receives datagrams at a path until one says `end`, or the test is over. */
export async function listen(t: ExecutionContext, path: string): Promise<Receiver> {
	const child = spawn('perl', ['-e', program, path], {stdio: ['ignore', 'pipe', 'inherit']});
	let text = '';
	child.stdout.setEncoding('latin1').on('data', (more: string) => (text += more));
	t.teardown(() => child.kill());
	await once(child.stdout, 'data');

	return {
		process: child,
		heard: () =>
			text
				.split('\n')
				.filter(line => line !== '')
				.map(line => Buffer.from(line, 'hex').toString()),
	};
}
