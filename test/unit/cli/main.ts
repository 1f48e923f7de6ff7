// SPDX-License-Identifier: MIT
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {parseAnswer, type Answer, type Request} from '../../../userland/control/protocol.ts';
import {ColoopError} from '../../../userland/errors.ts';
import {pairStatus, peerStatus, statusOf} from '../control/_status.ts';
import {coloop, now, run, says} from './_coloop.ts';

test('no argument means list', async t => {
	const {status, out} = await coloop(says());
	t.is(status, 0);
	t.deepEqual(out, [
		'peer  domid  state  sent  received  packets  since  why',
		'b     2      ready   0 B       0 B        0  -',
	]);
});

test('dom0 lists all pairs of the host, the busiest first', async t => {
	const pairs = [
		pairStatus({state: 'refused', code: 'policy', reason: 'denied by 30-site.yaml:12:3'}),
		pairStatus({
			a: {name: 'Domain-0', domid: 0},
			state: 'live',
			since: now - 7500,
			a_to_b_bytes: 3 * 1024 ** 3,
			a_to_b_packets: 70,
		}),
	];
	const {out} = await coloop(says(statusOf({pairs, roles: ['host']})));
	t.is(out.length, 3);
	t.regex(out[1] ?? '', /^Domain-0 <-> b +0 2 +live +3\.00 GiB +0 B +70 +2h5m$/);
	t.regex(out[2] ?? '', /^a <-> b +1 2 +refused .* denied by 30-site\.yaml:12:3$/);
});

test('-br is one short line each', async t => {
	const {out} = await coloop(says(), '-br');
	t.deepEqual(out, ['b  2  ready']);
});

test('-j is the status as the daemon tells it', async t => {
	const {out} = await coloop(says(), 'list', '-j');
	t.deepEqual(JSON.parse(out.join('\n')), {schema: 1, ...statusOf()});
	const short = await coloop(says(), '-j');
	t.deepEqual(short.out, out);
});

test('show tells one peer in a block', async t => {
	const live = peerStatus({
		state: 'live',
		since: now - 11_520,
		ring_bytes: 1024 ** 2,
		peer_ring_bytes: 65536,
		queues: 2,
		rx_bytes: 1_524_713_390,
		tx_bytes: 100,
		rx_packets: 9,
		tx_packets: 3,
		dropped_source: 2,
	});
	const {out, status} = await coloop(says(statusOf({peers: [live]})), 'show', '2');
	t.is(status, 0);
	t.deepEqual(out, [
		'guest: b (domain 2)',
		'  channel: live for 3 hours, 12 minutes',
		'  policy: allow (90-default.yaml:7:5)',
		'  link: eth0 00:16:3e:00:00:01 to 00:16:3e:00:00:02',
		'  rings: 2 x 1.00 MiB to the peer, 2 x 64.00 KiB from the peer',
		'  transfer: 1.42 GiB received, 100 B sent',
		'  packets: 9 received, 3 sent, 0 events heard, 0 sent',
		'  dropped: 2 (source)',
	]);
});

test('show tells of busy polling and what it gained', async t => {
	const line = async (change: object) => {
		const {out} = await coloop(says(statusOf({peers: [peerStatus(change)]})), 'show', '2');

		return out.find(each => each.startsWith('  busy polling: '))?.slice(16);
	};
	t.is(await line({}), undefined);
	t.is(await line({busy_poll_us: 50}), '50 us');
	t.is(
		await line({busy_poll_us: 50, waits: 9, waits_paid: 7}),
		'50 us, 9 waits, 7 ended by a packet',
	);
	t.is(await line({waits: 1}), '1 waits, 0 ended by a packet');
});

test('show in dom0 tells the pairs of a domain', async t => {
	const pair = pairStatus({
		a: {name: 'Domain-0', domid: 0, uuid: null},
		b: {name: 'b', domid: 2, uuid: '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001'},
		state: 'live',
		since: now - 60,
		links: [
			{
				bridge: 'xenbr0',
				a_vif: 'xenbr0',
				a_mac: 'fe:ff:ff:ff:ff:ff',
				b_vif: '0',
				b_mac: '00:16:3e:00:00:02',
			},
		],
		a_to_b_bytes: 2048,
		a_to_b_packets: 3,
	});
	const refused = pairStatus({state: 'refused', code: 'policy', reason: 'denied by x:1:1'});
	const own = peerStatus({state: 'live', ring_bytes: 1024 ** 2});
	const status = statusOf({pairs: [refused, pair], peers: [own], roles: ['host', 'endpoint']});
	const {out} = await coloop(says(status), 'show', 'b');
	t.deepEqual(out, [
		'pair: Domain-0 (domain 0) <-> b (domain 2)',
		'  UUID of b: 9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0001',
		'  channel: live for 1 minute',
		'  policy: allow (10-all.yaml:3:5)',
		'  link: xenbr0: Domain-0 vif xenbr0 fe:ff:ff:ff:ff:ff, b vif 0 00:16:3e:00:00:02',
		'  Domain-0 to b: 2.00 KiB in 3 packets',
		'  rings: 1.00 MiB to the peer',
		'',
		'pair: a (domain 1) <-> b (domain 2)',
		'  channel: none, refused: denied by x:1:1',
		'  policy: deny (10-all.yaml:3:5)',
	]);
	t.is((await coloop(says(status), 'show', 'dom0')).out.length, 7);
});

test('a name that nobody has is said to be, in text and JSON', async t => {
	for (const flags of [[], ['-j']]) {
		const {status, err} = await coloop(says(), 'show', 'x', ...flags);
		t.is(status, 1);
		t.is(err, 'coloop: no peer is called x\n  `coloop list` names them');
	}
});

test('names that would move the cursor do not', async t => {
	const {out} = await coloop(says(statusOf({peers: [peerStatus({peer: 'b\u001b[2J'})]})), '-br');
	t.deepEqual(out, ['b\\u{1b}[2J  2  ready']);
	const evil = {message: 'b\u202e\u009b: denied\nby 1.yaml', hint: 'say \u001b]0;x'};
	const refuse = async (): Promise<Answer> => ({ok: false, code: 'PEER', ...evil});
	const {err} = await coloop(refuse, 'up', 'b');
	t.is(err, 'coloop: b\\u{202e}\\u{9b}: denied\nby 1.yaml\n  say \\u{1b}]0;x');
});

test('JSON spells out what a terminal would act on, and means the same', async t => {
	const name = 'b\u001b[2J\u009b\u202e\u2028\u{e0041}数';
	const {out} = await coloop(says(statusOf({peers: [peerStatus({peer: name})]})), '-j');
	t.notRegex(out.join('\n'), /(?!\n)[\p{Cc}\p{Cf}\p{Zl}]/u);
	t.is(JSON.parse(out.join('\n')).peers[0].peer, name);
});

test('columns are as wide as the terminal shows them', async t => {
	const names = ['数据库', 'Сервер', 'Debian 12 (web)', 'e\u0301'];
	const peers = names.map((peer, index) => peerStatus({peer, domid: index + 2}));
	const {out} = await coloop(says(statusOf({peers})), '-br');
	t.deepEqual(out, [
		'数据库           2  ready',
		'Сервер           3  ready',
		'Debian 12 (web)  4  ready',
		'e\u0301                5  ready',
	]);
});

test('warnings are counted, and told where somebody asks for the policy', async t => {
	const status = statusOf({
		policy_warnings: ['1.yaml:3:5: warning: x', '1.yaml:4:5: warning: y'],
	});
	const {err} = await coloop(says(status));
	t.is(err, 'coloop: policy: 2 warnings, see coloop policy lint /etc/coloop/policy.d');
	const reload = await coloop(says(status), 'policy', 'reload');
	t.is(reload.status, 0);
	t.is(reload.err, '1.yaml:3:5: warning: x\n1.yaml:4:5: warning: y');
});

test('what is wrong is said on stderr', async t => {
	const status = statusOf({policy_errors: ['30-site.yaml:1:1: error: x'], problems: ['host: y']});
	const {err, out} = await coloop(says(status));
	t.is(err, 'coloop: host: y\ncoloop: policy: 30-site.yaml:1:1: error: x');
	t.is(out.length, 2);
});

test('a guest without the module exits with 3, dom0 lists its pairs', async t => {
	const guest = await coloop(says(statusOf({module: null, module_loaded: false, peers: []})));
	t.is(guest.status, 3);
	t.regex(guest.err, /modprobe coloop/);
	const dom0 = await coloop(
		says(statusOf({module: null, module_loaded: false, pairs: [pairStatus()]})),
	);
	t.is(dom0.status, 0);
});

test('no daemon is exit status 3 and says what to do', async t => {
	const {status, err} = await run(['--socket', '/nowhere/x.sock', 'list']);
	t.is(status, 3);
	t.regex(err, /does not answer on \/nowhere\/x\.sock\n {2}start it/);
});

for (const argv of [['frobnicate'], ['list', '--nope'], ['up'], ['down', 'a', 'b', 'c']]) {
	test(`misused: coloop ${argv.join(' ')}`, async t => {
		t.is((await run(argv)).status, 2);
	});
}

test('an option before its command is said to belong after it', async t => {
	const {status, err} = await run(['-j', 'show', 'b']);
	t.is(status, 2);
	t.is(err, 'coloop: options of show come after it\n  coloop show --help');
});

test('help starts with three examples', async t => {
	const {status, out} = await run(['--help']);
	t.is(status, 0);
	const lines = out.join('\n').split('\n');
	t.is(lines[0], 'Examples:');
	t.is(lines.filter(line => line.startsWith('  $ ')).length, 3);
});

test('up waits until the channel is live', async t => {
	let asked = 0;
	const handle = async (request: Request): Promise<Answer> => {
		if (request.op === 'status') {
			asked += 1;
		}
		const state = asked > 2 ? 'live' : 'offered';

		return {ok: true, status: statusOf({peers: [peerStatus({state})]})};
	};
	const {status, out} = await coloop(handle, 'up', 'b');
	t.is(status, 0);
	t.deepEqual(out, ['b: live']);
});

test('policy test takes a domid where coloopd runs, and refuses what is ambiguous', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	await writeFile(
		join(folder, '10-a.yaml'),
		'version: 1\npairs:\n  - allow: [web, Domain-0]\naccept: [{allow: web}]\n',
		{mode: 0o600},
	);
	const meant = [{name: 'web', domid: 3}, null];
	const handle = async (request: Request): Promise<Answer> => {
		const names = (request.op === 'status' && request.want?.names) || [];

		return {ok: true, status: statusOf({meant: meant.slice(0, names.length)})};
	};
	const {out} = await coloop(handle, 'policy', 'test', '-d', folder, '3', 'dom0');
	t.deepEqual(out, ['web <-> Domain-0: allow (10-a.yaml:3:5)']);
	const refuse = async (): Promise<Answer> => ({
		...{ok: false, code: 'USAGE', message: '3 is ambiguous: domain 3, called web; ...'},
	});
	const refused = await coloop(refuse, 'policy', 'test', '-d', folder, '3');
	t.is(refused.status, 2);
	t.regex(refused.err, /ambiguous/);
	await rm(folder, {recursive: true});
});

test('up gives up and says why', async t => {
	const {status, err} = await coloop(
		says(statusOf({peers: [peerStatus({state: 'offered', reason: 'timeout'})]})),
		'up',
		'b',
		'-t',
		'0',
	);
	t.is(status, 1);
	t.regex(err, /b: no channel yet, offered: timeout/);
});

test('down and a refused up tell what the daemon says', async t => {
	const {out} = await coloop(says(), 'down', 'a', 'b');
	t.deepEqual(out, ['a <-> b: down until `coloop up a b`']);
	const refuse = async (): Promise<Answer> => ({
		ok: false,
		code: new ColoopError('PEER', '').code,
		message: 'b: denied by 1.yaml:2:3',
	});
	const refused = await coloop(refuse, 'up', 'b');
	t.is(refused.status, 1);
	t.is(refused.err, 'coloop: b: denied by 1.yaml:2:3');
});

test('policy lint names every problem', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-'));
	const file = join(folder, '10-bad.yaml');
	await writeFile(file, 'version: 1\npairs:\n  - allow: [a]\n    rings: 3\n');
	const bad = await run(['policy', 'lint', file]);
	t.is(bad.status, 1);
	t.true(bad.err.startsWith(`${file}:3:`), bad.err);
	await writeFile(file, 'version: 1\npairs:\n  - allow: [a, b]\n');
	t.deepEqual(await run(['policy', 'lint', file]), {status: 0, out: [], err: ''});
	t.is((await run(['policy', 'lint', join(folder, 'none.yaml')])).status, 1);

	const allowed = await run(['policy', 'test', '-d', folder, 'b', 'a']);
	t.deepEqual(allowed.out, ['b <-> a: allow (10-bad.yaml:3:5)']);
	t.is(allowed.status, 0);
	const denied = await run(['policy', 'test', '-d', folder, 'c']);
	t.deepEqual(denied.out, ['accept c: deny (no rule matches, and that is deny)']);
	t.is(denied.status, 1, 'the exit status says the verdict');
	await writeFile(file, 'version: 1\naccept:\n  - deny: "12"\n');
	const doubted = await run(['policy', 'lint', folder]);
	t.is(doubted.status, 0, 'a warning is no error');
	t.regex(doubted.err, /10-bad\.yaml:3:5: warning: accept: "12" is the name of a domain/);
	const absent = join(folder, 'none');
	t.deepEqual(await run(['policy', 'test', '-d', absent, 'b', 'a']), {
		status: 1,
		out: [],
		err: `coloop: ${absent}:1:1: error: file: expected a directory, got none\n  see the policy manual, policy/README.md`,
	});
	await rm(folder, {recursive: true});
});

test('a coloopd older than us is asked as it understands, and we choose', async t => {
	const asked: Request[] = [];
	const pairs = Array.from({length: 300}, (_, index) =>
		pairStatus({
			b: {name: `b${index}`, domid: index + 2},
			...(index === 299
				? {state: 'live'}
				: {state: 'refused', code: 'policy', reason: 'denied by x:1:1'}),
		}),
	);
	const handle = async (request: Request): Promise<Answer> => {
		asked.push(request);
		if ('want' in request) {
			return {ok: false, code: 'PROTOCOL', message: 'request: Unrecognized key: "want"'};
		}

		return {ok: true, status: statusOf({pairs, roles: ['host']})};
	};
	const {out} = await coloop(handle, 'list');
	t.is(out.length, 22);
	t.regex(out[1] ?? '', /^a <-> b299 +1 301 +live/);
	t.is(out.at(-1), '280 pairs more are refused: coloop list --all');
	t.is((await coloop(handle, 'list', '--all')).out.length, 301);
	t.is((await coloop(handle, '-br')).out.length, 20);
	t.is((await coloop(handle, 'show', 'b7')).out[0], 'pair: a (domain 1) <-> b7 (domain 9)');
	t.true(asked.length > 7);
});

test('a status that lacks what we know of is still a status', t => {
	const old = {
		...{version: '0.0.1', roles: ['endpoint'], domid: 1, module_loaded: true},
		...{module: {version: '0.0.1', interface: 'coloop0'}, problems: [], pairs: null},
		peers: [{peer: 'b', domid: 2, state: 'dancing'}],
		anything: 'else',
	};
	const answer = parseAnswer(JSON.stringify({ok: true, status: old}));
	t.like(answer, {
		ok: true,
		status: {
			module: {grant_limit: null, grants: 0},
			peers: [{peer: 'b', state: 'dancing', tx_bytes: 0, links: [], reason: null}],
			policy_errors: [],
		},
	});
	t.like(parseAnswer('{"ok":false,"code":"NEWER","message":"x"}'), {code: 'PROTOCOL'});
});

test('list --all asks for page after page', async t => {
	const handle = async (request: Request): Promise<Answer> => {
		const after = request.op === 'status' ? request.want?.after?.[1] : undefined;
		const domid = (after ?? 1) + 1;
		const pairs = [pairStatus({b: {name: `b${domid}`, domid}})];
		const next = domid < 5 ? {pairs_after: [1, domid] as [number, number]} : {};

		return {ok: true, status: statusOf({pairs, ...next, roles: ['host']})};
	};
	const {out} = await coloop(handle, 'list', '--all', '-br');
	t.deepEqual(
		out.map(line => line.split(' ')[2]),
		['b2', 'b3', 'b4', 'b5'],
	);
	const all = await coloop(handle, 'list', '--all', '-j');
	t.is(JSON.parse(all.out.join('')).pairs.length, 4);
	t.false('pairs_after' in JSON.parse(all.out.join('')));
});

test('show of two names is of their pair', async t => {
	const pairs = [pairStatus(), pairStatus({b: {name: 'c', domid: 3}})];
	const {out} = await coloop(says(statusOf({pairs, roles: ['host']})), 'show', 'c', '1');
	t.is(out[0], 'pair: a (domain 1) <-> c (domain 3)');
	t.is(out.filter(line => line.startsWith('pair')).length, 1);
	const none = await coloop(says(statusOf({pairs, roles: ['host']})), 'show', 'c', 'b');
	t.is(none.err, 'coloop: no peer is called c <-> b\n  `coloop list` names them');
});

test('misuse is told by us, with what may have been meant', async t => {
	t.is((await run(['lst'])).err, 'coloop: no command is called lst\n  did you mean coloop list?');
	t.is((await run(['polciy'])).err.split('\n')[1], '  did you mean coloop policy?');
	t.is((await run(['frobnicate'])).err.split('\n')[1], '  coloop --help');
	const {err} = await run(['list', '--al']);
	t.regex(
		err,
		/^coloop: unknown option '--al'\n\(Did you mean --all\?\)\n {2}coloop --help says/,
	);
	for (const flag of ['-V', '--version']) {
		t.deepEqual(await run([flag]), {status: 0, out: ['coloop 0.1.0'], err: ''});
	}
});

test.serial('up counts its time by a clock that nobody sets', async t => {
	const clock = Date.now;
	/* A clock that is set an hour on ends nobody's patience, one that is set back does not make it endless. */
	let calls = 0;
	Date.now = () => clock() + (calls++ % 2 === 0 ? 3_600_000 : -3_600_000);
	t.teardown(() => (Date.now = clock));
	let asked = 0;
	const handle = async (request: Request): Promise<Answer> => {
		if (request.op === 'status') {
			asked += 1;
		}
		const state = asked > 3 ? 'live' : 'offered';

		return {ok: true, status: statusOf({peers: [peerStatus({state})]})};
	};
	t.deepEqual((await coloop(handle, 'up', 'b', '-t', '20')).out, ['b: live']);
	asked = -1000;
	const start = performance.now();
	t.is((await coloop(handle, 'up', 'b', '-t', '0.3')).status, 1);
	t.true(performance.now() - start < 5000);
});
