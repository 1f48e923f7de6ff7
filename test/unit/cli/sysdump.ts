// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import {main} from '../../../userland/cli/main.ts';
import {pieces} from '../../../userland/cli/sysdump-pieces.ts';
import type {Answer, Request} from '../../../userland/control/protocol.ts';
import {fakeXenStore} from '../../fakes/xenstore.ts';
import {pairStatus, peerStatus, statusOf} from '../control/_status.ts';
import {now, says, withDaemon} from './_coloop.ts';
import {dom0Files, fakeSystem, guestPrograms} from './_system.ts';

const execute = promisify(execFile);

/** Nobody's business, each where it may turn up. */
const secrets = [
	...['bank-db', '数据库', 'backup', 'xen7.bank.example', '00:16:3e:77:88:99', '192.0.2.77'],
	...['9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001', 'for the bank'],
	...['acme_wall', 'acme-in', 'acme_hosts', 'ACME-OUT', 'acme-set', 'Acme: ', 'acme says'],
	...['acmelog', 'Acme Ltd', 'acme-space', 'acme_count', 'acmecomment'],
];

const ruleset = `table bridge acme_wall {
	set acme_hosts {
		type ipv4_addr
		elements = { 192.0.2.77 }
	}
	counter acme_count {
		packets 0 bytes 0
	}
	chain forward {
		type filter hook forward priority 0; policy accept;
		ip saddr @acme_hosts jump acme-in
		ip saddr 192.0.2.77 drop comment "for the bank"
	}
	chain acme-in {
		counter name "acme_count" log prefix "Acme: " drop
	}
}
table netdev coloop {
	chain from-3 {
		type filter hook ingress device "coloop0" priority 0; policy accept;
	}
}
`;

async function machine() {
	const tree = fakeXenStore();
	const xen = tree.connect(0);
	for (const [domid, name] of [
		[1, 'bank-db'],
		[2, '数据库'],
		[3, 'backup'],
	] as const) {
		tree.introduce(domid, name);
		await xen.write(`/local/domain/${domid}/vm`, '/vm/9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001');
	}
	await xen.write('/local/domain/1/coloop/peers/2', '7 %E6%95%B0%E6%8D%AE%E5%BA%93 0:x:y');
	await xen.write(
		'/local/domain/2/coloop/peers/1',
		'7 bank-db 10:00:16:3e:77:88:99:00:16:3e:77:88:99:1500 - 1',
	);
	await xen.write('/coloop/alive', '1 1 1800000000 3');

	return fakeSystem({
		store: () => tree.connect(0),
		files: {
			...dom0Files,
			'/etc/machine-id': '00112233445566778899aabbccddeeff\n',
			'/proc/sys/kernel/hostname': 'xen7.bank.example\n',
			'/proc/interrupts': '      CPU0\n 9: 1 acpi\n 64: 5 xen-dyn coloop\n',
			'/etc/coloop/policy.d/10-site.yaml': 'pairs: [{allow: [bank-db, backup]}]\n',
		},
		programs: {
			...guestPrograms,
			'ip neigh show': '192.0.2.77 dev eth0 lladdr 00:16:3e:77:88:99 REACHABLE\n',
			'nft -n list ruleset': ruleset,
			'iptables-save': `*filter\n:INPUT ACCEPT [0:0]\n:DOCKER-USER - [0:0]\n:ACME-OUT - [0:0]
-A INPUT -m set --match-set acme-set src -j ACME-OUT
-A ACME-OUT -m comment --comment acmecomment -j LOG --log-prefix acmelog
-A ACME-OUT -m comment --comment "acme says \\"no\\"" -j DROP\nCOMMIT\n`,
			'ip -d -s link show': `2: eth0: <UP> link-netns acme-space\n    alias Acme Ltd\n`,
			'journalctl -u coloopd -n 2000 --no-pager -o short-iso':
				'2027-01-15 xen7.bank.example coloopd: {"peer":"bank-db"}\n',
			'dmesg -T': '[x] coloop: peer bank-db\n[x] usb: a mouse\n',
		},
	});
}

const status = statusOf({
	...{roles: ['host', 'endpoint'], domid: 0, peers: [peerStatus({peer: 'bank-db'})]},
	pairs: [
		pairStatus({
			a: {name: 'bank-db', domid: 1, uuid: '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001'},
			b: {name: '数据库', domid: 2},
			reason: 'nftables: table bridge acme_wall, chain forward: jump acme-in (数据库)',
		}),
	],
});

/** Runs `coloop sysdump` in a folder of its own. */
async function dump(
	use: (ran: {
		exit: number;
		out: string[];
		err: string[];
		file: string;
		folder: string;
		/** What is in it, by name. */
		unpack(): Promise<Map<string, string>>;
	}) => Promise<void>,
	argv: readonly string[] = [],
	handle: ((request: Request) => Promise<Answer>) | null = says(status),
): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-sysdump-test-'));
	const file = join(folder, 'dump.tar.gz');
	const [out, err] = [[] as string[], [] as string[]];
	const system = await machine();
	const terminal = {
		...{out: (line: string) => out.push(line), err: (line: string) => err.push(line)},
		...{now: () => now, system},
	};
	const words = ['sysdump', '-o', file, ...argv];
	try {
		const exit = await (handle
			? withDaemon(handle, socket => main(['-s', socket, ...words], terminal))
			: main(['-s', '/nowhere/x.sock', ...words], terminal));
		const unpack = async () => {
			await execute('tar', ['-xzf', file, '-C', folder]);
			const names = await readdir(join(folder, 'coloop-sysdump'));
			const texts = names.map(name => readFile(join(folder, 'coloop-sysdump', name), 'utf8'));

			return new Map(
				(await Promise.all(texts)).map((text, index) => [names[index] ?? '', text]),
			);
		};
		await use({exit, out, err, file, folder, unpack});
	} finally {
		await rm(folder, {recursive: true});
	}
}

test('an archive that only its owner can read, and nothing of anybody in it', async t => {
	await dump(async ({exit, out, err, file, unpack}) => {
		t.is(exit, 0, err.join());
		t.deepEqual([out, err], [[file], []]);
		t.is((await stat(file)).mode & 0o777, 0o600);
		const texts = await unpack();
		t.deepEqual(
			[...texts.keys()].sort(),
			pieces
				.filter(({isPrivate}) => !isPrivate)
				.map(({file: name}) => name)
				.sort(),
		);
		for (const [name, text] of texts) {
			for (const secret of secrets) {
				t.false(text.includes(secret), `${name}: ${secret}`);
			}
			t.false(text.includes('%E6%95%B0'), name);
		}
		t.like(JSON.parse(texts.get('status.json') ?? ''), {version: '0.1.0', domid: 0});
		t.regex(texts.get('doctor.txt') ?? '', /dom0: \d+ ok/);
		t.regex(
			texts.get('xenstore.txt') ?? '',
			/^\/local\/domain\/1\/coloop\/peers\/2 = "7 name-\w{8} 0/m,
		);
		t.regex(texts.get('xenstore.txt') ?? '', /^\/coloop\/alive = "1 1 1800000000 3"/m);
		t.regex(texts.get('log.txt') ?? '', /coloop: peer name-\w{8}/);
		t.false(texts.get('log.txt')?.includes('mouse'));
		const rules = texts.get('rules.txt') ?? '';
		t.regex(rules, /ip saddr 10\.[\d.]+ drop comment "\.\.\."/);
		t.regex(
			rules,
			/^\tchain (name-\w{8}) \{$[^]*counter name "name-\w{8}" log prefix "\.\.\." drop$/m,
		);
		const [, jump = 'none'] = /jump (name-\w{8})$/m.exec(rules) ?? [];
		t.true(
			rules.includes(`\tchain ${jump} {`) &&
				texts.get('status.json')?.includes(`jump ${jump} (`),
		);
		t.regex(rules, /^\tchain forward \{$/m);
		t.regex(
			rules,
			/^:INPUT ACCEPT[^]*^:DOCKER-USER -[^]*--comment "\.\.\." -j LOG --log-prefix "\.\.\."$/m,
		);
		t.regex(rules, /^table netdev coloop \{\n\tchain from-3 \{$/m);
		t.regex(texts.get('links.txt') ?? '', /link-netns "\.\.\."\n {4}alias "\.\.\."$/m);
		t.regex(texts.get('counters.txt') ?? '', /xen-dyn coloop/);
	});
});

test('a name has one pseudonym in all files, and in the next archive', async t => {
	const aliases: string[] = [];
	for (let count = 0; count < 2; count++) {
		await dump(async ({unpack}) => {
			const texts = await unpack();
			const alias = JSON.parse(texts.get('status.json') ?? '').peers[0].peer as string;
			t.true(texts.get('log.txt')?.includes(`peer ${alias}`));
			aliases.push(alias);
		});
	}
	t.is(aliases[0], aliases[1]);
});

test('--all has them, and the policy, and says so', async t => {
	await dump(
		async ({exit, err, unpack}) => {
			t.is(exit, 0);
			t.regex(err.join(), /names and addresses as they are/);
			const texts = await unpack();
			const all = [...texts.values()].join('');
			for (const secret of secrets) {
				t.true(all.includes(secret), secret);
			}
			t.regex(texts.get('policy.txt') ?? '', /^# 10-site\.yaml\npairs/);
		},
		['--all'],
	);
});

test('without a daemon it has what there is, and says what there is not', async t => {
	await dump(
		async ({exit, unpack}) => {
			t.is(exit, 0);
			const texts = await unpack();
			t.regex(texts.get('status.json') ?? '', /^not to be had/);
			t.regex(texts.get('events.json') ?? '', /^not to be had: coloopd does not answer/);
			t.regex(texts.get('versions.txt') ?? '', /^coloop 0\.1\.0\nNode/);
			t.false(
				[...texts.values()].join('').includes('bank-db'),
				'names are known from XenStore',
			);
		},
		[],
		null,
	);
});

test('--json says where it is and what is in it', async t => {
	await dump(
		async ({out, file}) => {
			const told = JSON.parse(out.join('\n'));
			t.like(told, {schema: 1, version: '0.1.0', file});
			t.true(told.pieces.includes('status.json'));
		},
		['-j'],
	);
});

test('a file or link that is there is left alone', async t => {
	await dump(async ({folder}) => {
		const [there, link] = [join(folder, 'there'), join(folder, 'link')];
		await writeFile(there, 'dear');
		await symlink(there, link);
		for (const path of [there, link]) {
			const err: string[] = [];
			const exit = await main(['-s', '/nowhere/x.sock', 'sysdump', '-o', path], {
				...{out() {}, err: line => err.push(line), now: () => now, system: fakeSystem()},
			});
			t.is(exit, 2);
			t.regex(err.join('\n'), /is there already\n {2}name another/);
		}
		t.is(await readFile(there, 'utf8'), 'dear');
	});
});

test('a folder that is not there', async t => {
	const err: string[] = [];
	const exit = await main(['sysdump', '-o', '/nowhere/x.tar.gz'], {
		...{out() {}, err: line => err.push(line), now: () => now, system: fakeSystem()},
	});
	t.is(exit, 2);
	t.regex(err.join('\n'), /\/nowhere\/x\.tar\.gz: there is no folder \/nowhere/);
});
