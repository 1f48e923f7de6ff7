// SPDX-License-Identifier: MIT
//
// Run as a program in a network namespace of its own: `coloop0` is one end of a pair of devices, and what is written to
// the other end arrives there as frames from a channel do. Real rules, real packets.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {argv} from 'node:process';
import {createEnforcement, type Enforcement} from '../../../userland/enforcement/enforcement.ts';
import {NftablesError, openNftables, type Nftables} from '../../../userland/nftables-js/index.ts';
import {parseLimits, type Limits} from '../../../userland/limits.ts';
import {frame, type Packet} from './_frames.ts';

const web = '00:16:3e:00:00:01';
const mail = '00:16:3e:00:00:02';

const sh = (script: string) => execFileSync('sh', ['-euc', script], {stdio: 'pipe'}).toString();

const parsed = (text: string): Limits => {
	const limits = parseLimits(text);
	assert(limits, text);

	return limits;
};
const limits = (...entries: ReadonlyArray<readonly [mac: string, text: string]>) =>
	new Map(entries.map(([mac, text]) => [mac, parsed(text)]));

type Scene = {readonly nft: Nftables; readonly enforcement: Enforcement};

/** Writes frames to the far end, each as often as `times` says, and answers how many bytes of each got past our rules. */
async function passed(
	{nft}: Scene,
	packets: readonly Packet[],
	times = 1,
): Promise<readonly number[]> {
	await nft.text('reset counters table netdev seen');
	const frames = packets.map((packet, index) =>
		frame({...packet, id: index + 1}).toString('hex'),
	);

	execFileSync('python3', ['-c', sender, String(times), ...frames]);
	const {others} = await nft.run([{list: {counters: {family: 'netdev'}}}]);
	const counts = new Map(
		others
			.map(each => each['counter'] as {name: string; packets: number})
			.map(each => [each.name, each.packets]),
	);

	return packets.map((_, index) => counts.get(`n${index + 1}`) ?? NaN);
}

/** A veth delivers within the call, so all of it has been counted when this ends. */
const sender = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("far", 0))
frames = [bytes.fromhex(f) for f in sys.argv[2:]]
for _ in range(int(sys.argv[1])):
    for f in frames: s.send(f)
import time; time.sleep(0.05)
`;

/** Counts what goes on behind our rules, by the number in the packet. */
async function watch(nft: Nftables): Promise<void> {
	const numbers = Array.from({length: 16}, (_, index) => index + 1);

	await nft.text(`table netdev seen {
		${numbers.map(n => `counter n${n} {}`).join('\n')}
		chain c {
			type filter hook ingress device coloop0 priority 500;
			${numbers.map(n => `ether daddr 02:00:00:00:00:${n.toString(16).padStart(2, '0')} counter name n${n}`).join('\n')}
		}
	}`);
}

const scenarios: Record<string, (scene: Scene) => Promise<void>> = {
	async 'only addresses within the limits get through, and only of who is locked'(scene) {
		await scene.enforcement.enforce(
			limits([web, 'from:10.0.0.0/24,10.1.0.7,fd00:1::/64'], [mail, 'rate:1000000000']),
		);
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.0.9'},
				{mac: web, from: '10.0.1.9'},
				{mac: web, from: '10.1.0.7'},
				{mac: web, from: '10.1.0.8'},
				{mac: web, from: 'fd00:1::9'},
				{mac: web, from: 'fd00:2::9'},
				{mac: mail, from: '10.0.1.9'},
				{mac: mail, from: 'fd00:2::9'},
			]),
			[1, 0, 1, 0, 1, 0, 1, 1],
		);
	},

	async 'limits of one version let nothing of the other through'(scene) {
		await scene.enforcement.enforce(limits([web, 'from:0.0.0.0/0'], [mail, 'from:::/0']));
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '192.0.2.1'},
				{mac: web, from: 'fd00::1'},
				{mac: mail, from: '192.0.2.1'},
				{mac: mail, from: 'fd00::1'},
			]),
			[1, 0, 0, 1],
		);
	},

	async 'limits to no address let nothing through'(scene) {
		await scene.enforcement.enforce(limits([web, 'from:-']));
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.0.1'},
				{mac: web, from: 'fd00::1'},
				{mac: mail, from: '10.0.0.1'},
			]),
			[0, 0, 1],
		);
	},

	async 'fragments and options hide no address'(scene) {
		await scene.enforcement.enforce(limits([web, 'from:10.0.0.1']));
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.0.2', fragment: 0x2000},
				{mac: web, from: '10.0.0.2', fragment: 0x2010},
				{mac: web, from: '10.0.0.1', fragment: 0x2010},
				{mac: web, from: '10.0.0.2', options: 8},
				{mac: web, from: '10.0.0.1', options: 8},
			]),
			[0, 0, 1, 0, 1],
		);
	},

	async 'guards let no server of DHCP and no router through'(scene) {
		await scene.enforcement.enforce(limits([web, 'no:dhcp,ra']));
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.0.1', port: 67},
				{mac: web, from: '10.0.0.1', port: 68},
				{mac: web, from: 'fe80::1', port: 547},
				{mac: web, from: 'fe80::1', port: 546},
				{mac: web, from: 'fe80::1', icmp: 134},
				{mac: web, from: 'fe80::1', icmp: 137},
				{mac: web, from: 'fe80::1', icmp: 135},
				{mac: web, from: 'fe80::1', icmp: 134, hopByHop: true},
				{mac: mail, from: '10.0.0.1', port: 67},
				{mac: mail, from: 'fe80::1', icmp: 134},
			]),
			[0, 1, 0, 1, 0, 0, 1, 0, 1, 1],
		);
	},

	async 'a rate holds for each sender by itself'(scene) {
		/* The first second's worth may come at once: 100 000 bytes, and 128 KiB. */
		await scene.enforcement.enforce(limits([web, 'rate:800000'], [mail, 'rate:80000000']));
		const size = 1000;
		const [limited = 0, other, free] = await passed(
			scene,
			[
				{mac: web, from: '10.0.0.1', size},
				{mac: mail, from: '10.0.0.2', size},
				{mac: '00:16:3e:00:00:03', from: '10.0.0.3', size},
			],
			1000,
		);
		const burst = (100_000 + 128 * 1024) / size;

		assert.deepEqual([other, free], [1000, 1000]);
		assert.ok(limited >= burst - 1, `${limited} of at least ${burst}`);
		/* However slowly this machine sent them: ten seconds' worth would be 1000. */
		assert.ok(limited < 1000, `${limited} of 1000`);
		/* What was used up stays used up, whatever becomes of others. */
		await scene.enforcement.enforce(
			limits(
				[web, 'rate:800000'],
				[mail, 'from:10.9.0.0/16'],
				['00:16:3e:00:00:03', 'no:ra'],
			),
		);
		const [after = 0] = await passed(scene, [{mac: web, from: '10.0.0.1', size}], 200);
		assert.ok(after < 200, `${after} of 200 at once`);
	},

	async 'what stays is not touched, and counts on'(scene) {
		const {nft, enforcement} = scene;
		await enforcement.enforce(
			limits([web, 'rate:800000;from:10.0.0.1'], [mail, 'from:10.0.0.2']),
		);
		await passed(scene, [
			{mac: web, from: '10.0.0.9'},
			{mac: mail, from: '10.0.0.2'},
		]);
		const events = monitor();
		await enforcement.enforce(
			limits([web, 'rate:800000;from:10.0.0.1'], [mail, 'from:10.0.0.2,10.0.0.3;no:dhcp']),
		);
		/* Not every version of nft tells of ranges that come. */
		const told = await events.stop();
		assert.ok(told.includes(`add element netdev coloop no-dhcp { ${mail} }`), told.join('\n'));
		assert.deepEqual(
			told.filter(line => !line.startsWith('add element') || !line.includes(mail)),
			[],
		);
		assert.match(await nft.text('list table netdev coloop'), /counter packets 1 bytes/);
		assert.deepEqual(
			await passed(scene, [
				{mac: mail, from: '10.0.0.3'},
				{mac: web, from: '10.0.0.9'},
			]),
			[1, 0],
		);
	},

	async 'a wider range takes the place of those within it'(scene) {
		for (const text of [
			'from:10.0.0.0/24,10.0.1.0/24',
			'from:10.0.0.0/16',
			'from:10.0.0.0/16,10.0.7.0/24',
			'from:10.0.7.0/24',
		]) {
			assert.equal(
				await scene.enforcement.enforce(limits([web, text])),
				text.includes('16,') ? 'same' : 'changed',
				text,
			);
		}
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.7.1'},
				{mac: web, from: '10.0.8.1'},
			]),
			[1, 0],
		);
	},

	async 'what somebody removes or changes is put back, and said'({nft, enforcement}) {
		const wanted = limits([web, 'rate:800000;from:10.0.0.1;no:ra'], [mail, 'from:fd00::/64']);
		const scene = {nft, enforcement};

		await enforcement.enforce(wanted);
		for (const harm of [
			'flush ruleset',
			'delete table netdev coloop',
			'flush chain netdev coloop received',
			'flush set netdev coloop from4',
			`delete element netdev coloop locked { ${web} }`,
			'insert rule netdev coloop received accept',
			'add element netdev coloop from4 { 00:16:3e:00:00:01 . 10.9.9.9 }',
			'add table netdev coloop { flags dormant; }',
		]) {
			await nft.text(harm);
			assert.equal(await enforcement.enforce(wanted), 'restored', harm);
			assert.equal(await enforcement.enforce(wanted), 'same', harm);
			if (harm === 'flush ruleset') {
				await watch(nft);
			}
			assert.deepEqual(
				await passed(scene, [
					{mac: web, from: '10.0.0.1'},
					{mac: web, from: '10.9.9.9'},
					{mac: mail, from: '10.0.0.1'},
				]),
				[1, 0, 0],
				harm,
			);
		}
	},

	async 'rules of others are left alone'({nft, enforcement}) {
		await nft.text(
			'add table netdev site { chain c { type filter hook ingress device coloop0 priority 0; }; }',
		);
		const before = await nft.text('list table netdev site');
		await enforcement.enforce(limits([web, 'from:10.0.0.1']));
		await enforcement.enforce(new Map());
		assert.equal(await nft.text('list table netdev site'), before);
	},

	async 'no limits, no rules'({nft, enforcement}) {
		assert.equal(await enforcement.enforce(new Map()), 'same');
		assert.doesNotMatch(await nft.text('list tables'), /coloop/);
		await enforcement.enforce(limits([web, 'no:ra']));
		assert.match(await nft.text('list tables'), /netdev coloop/);
		assert.equal(await enforcement.enforce(new Map()), 'changed');
		assert.doesNotMatch(await nft.text('list tables'), /coloop/);
		/* What an earlier daemon left is taken away, too. */
		await createEnforcement(openNftables).enforce(limits([web, 'no:ra']));
		assert.equal(await createEnforcement(openNftables).enforce(new Map()), 'changed');
		assert.doesNotMatch(await nft.text('list tables'), /coloop/);
	},

	async 'what an older daemon left is replaced, and never missing'(scene) {
		const older = createEnforcement(openNftables);
		await older.enforce(limits([web, 'from:10.0.0.1'], [mail, 'from:10.0.0.2']));
		assert.equal(await scene.enforcement.isAble(), true);
		const events = monitor();
		assert.equal(await scene.enforcement.enforce(limits([web, 'from:10.0.0.1'])), 'changed');
		/* One transaction: nothing else ends between the first event and the last. */
		assert.deepEqual(
			(await events.stop())
				.filter(line => /table/.test(line))
				.map(line => line.replace(/ \{.*/, '')),
			['delete table netdev coloop', 'add table netdev coloop'],
		);
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.0.2'},
				{mac: mail, from: '10.0.0.9'},
			]),
			[0, 1],
		);
	},

	async 'whether it can be done is asked without a trace'({nft, enforcement}) {
		assert.equal(await enforcement.isAble(), true);
		assert.doesNotMatch(await nft.text('list tables'), /coloop/);
	},

	async 'without the library nothing is promised'() {
		const without = createEnforcement(() => {
			throw new NftablesError('ADDON', 'cannot load nftables.node; tried\n  /nowhere');
		});

		assert.equal(await without.isAble(), false);
		await assert.rejects(without.enforce(limits([web, 'no:ra'])), {
			code: 'FIREWALL',
			message: 'our rules in nftables could not be set: cannot load nftables.node; tried',
		});
		/* Nothing to do needs nothing. */
		assert.equal(await without.enforce(new Map()), 'same');
	},

	async 'a device that comes anew gets its rules anew'(scene) {
		const wanted = limits([web, 'from:10.0.0.1']);
		await scene.enforcement.enforce(wanted);
		sh('ip link del coloop0');
		build();
		/* Chains of older kernels end with their device; those of newer ones take the next of its name. */
		await scene.enforcement.enforce(wanted);
		assert.equal(await scene.enforcement.enforce(wanted), 'same');
		await scene.nft.text('delete table netdev seen');
		await watch(scene.nft);
		assert.deepEqual(
			await passed(scene, [
				{mac: web, from: '10.0.0.1'},
				{mac: web, from: '10.0.0.2'},
			]),
			[1, 0],
		);
	},
};

/** What nftables says has changed since, in nft's own language. */
function monitor() {
	const file = sh('mktemp').trim();
	const pid = sh(`stdbuf -oL nft monitor > ${file} 2>&1 & echo $!`).trim();

	/* It listens when it has said what a change of ours is. */
	sh(
		`until grep -q marker ${file}; do nft add table ip marker; nft delete table ip marker; sleep 0.05; done; nft add table ip begin`,
	);

	return {
		stop: async () => {
			sh(
				`nft add table ip end; until grep -q 'table ip end' ${file}; do sleep 0.05; done; kill ${pid}`,
			);
			const lines = sh(`cat ${file}; rm ${file}`).split('\n');

			return lines
				.slice(lines.findIndex(line => line.includes('table ip begin')) + 1)
				.filter(line => line !== '' && !/^#|table ip (end|marker)/.test(line));
		},
	};
}

function build(): void {
	sh('ip link add coloop0 type veth peer name far; ip link set coloop0 up; ip link set far up');
}

export const names = Object.keys(scenarios);

const scenario = scenarios[argv[2] ?? ''];
if (scenario) {
	build();
	const nft = openNftables();
	await watch(nft);
	await scenario({nft, enforcement: createEnforcement(openNftables)});
	await nft.close();
}
