// SPDX-License-Identifier: MIT
import test from 'ava';
import {
	channelUp,
	inTurn,
	isLive,
	pair,
	patient,
	peer,
	withChannel,
	writePolicy,
	type Body,
} from '../channel.ts';
import {until} from '../until.ts';
import {labWith} from '../with-lab.ts';

const slow = {timeout: 240_000};
const pings = 'ping -c 5 -i 0.2 -W 5 b';

const shapedSender: Body = async (t, {lab, dom0, a}) => {
	await a.run('tc qdisc replace dev eth0 root tbf rate 10mbit burst 32k latency 400ms');
	await a.run(pings);
	await until('a says so', async () => (await peer(a, 'b'))?.code === 'qdisc', patient);
	t.true(await isLive(a, 'b'));
	t.regex((await a.run('coloop show b', slow)).stdout, /live.*, but \d+ packets took eth0: /);
	await until(
		'dom0 says so',
		async () => (await pair(lab))?.a_declines === 'rules qdisc',
		patient,
	);
	t.regex((await dom0.run('coloop list', slow)).stdout, /a sends to b by the ordinary path/);

	await a.run('tc qdisc del dev eth0 root');
	await until('dom0 has nothing to say', async () => (await pair(lab))?.reason === null, patient);
};

const ownPolicy: Body = async (t, {lab, dom0, a, b}) => {
	await writePolicy(b, "version: 1\naccept:\n  - deny: a\n  - allow: '*'\n");
	await until('dom0 says so', async () => (await pair(lab))?.code === 'declined', patient);
	t.regex(
		(await dom0.run('coloop list', slow)).stdout,
		/refused .*b declines: its policy denies a/,
	);
	await until('a says so', async () => (await peer(a, 'b'))?.peer_declines === 'policy', patient);
	await a.run(pings);

	await writePolicy(b, "version: 1\naccept:\n  - allow: '*'\n");
	await channelUp(lab);
	t.is((await pair(lab))?.b_declines, null);
	const nodes = 'xenstore-ls -f /local/domain | grep declined/';
	await dom0.run(nodes, {fails: true});
};

const smallerMtu: Body = async (t, {dom0, a, b}) => {
	const mtuOf = async (end: typeof a, name: string) => (await peer(end, name))?.links[0]?.mtu;
	t.is(await mtuOf(a, 'b'), 1500);
	const epoch = (await peer(a, 'b'))?.epoch;
	await dom0.run('ip link set vif2.0 mtu 1400');
	await until('a knows', async () => (await mtuOf(a, 'b')) === 1400, patient);
	await until('b knows', async () => (await mtuOf(b, 'a')) === 1400, patient);
	t.like(await peer(a, 'b'), {state: 'live', epoch});
	await dom0.run('ip link set vif2.0 mtu 1500');
	await until('it is as before', async () => (await mtuOf(a, 'b')) === 1500, patient);
};

const offTheBridge: Body = async (t, {lab, dom0}) => {
	await dom0.run('ip link set vif2.0 nomaster');
	await until('the pair is refused', async () => (await pair(lab))?.code === 'bridge', patient);
	t.regex(
		(await pair(lab))?.reason ?? '',
		/vif1\.0 is on xenbr0, .*vif2\.0 is on no bridge: routed, or taken off/,
	);
	await dom0.run('ip link set vif2.0 master xenbr0');
	await channelUp(lab);
};

test(
	'what keeps packets on the ordinary path is said in the guest and in dom0',
	labWith({mode: 'icount'}),
	withChannel(
		inTurn({
			'a discipline of the sender': shapedSender,
			"a guest's own policy": ownPolicy,
			'a smaller MTU in dom0': smallerMtu,
			'a vif off the bridge': offTheBridge,
		}),
	),
);
