// SPDX-License-Identifier: MIT
//
// The real daemons of a host, in memory: what their pages say while things happen.
import test from 'ava';
import {definitions} from '../../../userland/metrics/definitions.ts';
import {createPage} from '../../../userland/metrics/page.ts';
import {metricNames, Metrics} from '../../../userland/metrics/metrics.ts';
import {PeerTotals} from '../../../userland/metrics/peer-totals.ts';
import {createStage, type Stage} from '../daemon/_stage.ts';
import {startPublished, valueOf, type Published} from './_published.ts';

async function hosted(): Promise<{stage: Stage; host: Published; a: Published}> {
	const stage = createStage();
	await stage.create(1);
	await stage.create(2);
	const host = startPublished(stage, 0, ['host']);
	const a = startPublished(stage, 1);
	stage.start(2);
	await stage.clock.advance(2000);

	return {stage, host, a};
}

test('a channel that comes up is counted, at its end and in dom0', async t => {
	const {stage, host, a} = await hosted();
	t.is(await a.value('coloop_peers{state="live"}'), 0);
	t.is(await a.value('coloop_peers{state="ready"}'), 2 - 1);
	t.is(await a.value('coloop_channels_opened_total'), 0);
	t.is(await a.value('coloop_channel_setup_seconds_count'), 0);
	await stage.connect(1, 2);

	const page = await a.page();
	t.is(valueOf(page, 'coloop_peers{state="live"}'), 1);
	t.is(valueOf(page, 'coloop_peer_state{peer="b",state="live",code=""}'), 1);
	t.is(valueOf(page, 'coloop_peer_info{peer="b",domid="2"}'), 1);
	t.is(valueOf(page, 'coloop_channels_opened_total'), 1);
	t.is(valueOf(page, 'coloop_channel_setup_seconds_count'), 1);
	t.true((valueOf(page, 'coloop_channel_setup_seconds_sum') ?? 9) < 2);
	t.true((valueOf(page, 'coloop_grants_in_use') ?? 0) > 0);
	t.is(valueOf(page, 'coloop_grants_deferred'), 0);
	t.is(valueOf(page, 'coloop_module_info{version="fake"}'), 1);
	t.is(valueOf(page, 'coloop_role_up{role="endpoint"}'), 1);
	t.is(valueOf(page, 'coloop_host_silent'), 0);
	t.is(valueOf(page, 'coloop_pairs{state="live"}'), undefined);

	const dom0 = await host.page();
	t.is(valueOf(dom0, 'coloop_domains'), 3);
	t.is(valueOf(dom0, 'coloop_pairs{state="live"}'), 1);
	t.is(valueOf(dom0, 'coloop_pairs{state="ready"}'), 0);
	t.is(valueOf(dom0, 'coloop_pairs{state="refused"}'), 2);
	t.true((valueOf(dom0, 'coloop_policy_decisions_total{role="host",action="allow"}') ?? 0) > 0);
	await stage.stopAll();
});

test('traffic, fallbacks and drops add up over the lives of a channel', async t => {
	const {stage, a} = await hosted();
	await stage.connect(1, 2);
	const kernel = stage.kernel(1);
	kernel.carry(2, {
		txPackets: 100n,
		txBytes: 9000n,
		rxPackets: 7n,
		rxBytes: 700n,
		eventsSent: 30n,
	});
	kernel.carry(2, {droppedSource: 2n, eventsReceived: 5n, backlogged: 3n, returned: 1n});
	kernel.pass(2, 'qdisc', 4);
	const page = await a.page();
	const of = (name: string) => valueOf(page, `coloop_peer_${name}`);
	t.is(of('transmit_packets_total{peer="b"}'), 100);
	t.is(of('transmit_bytes_total{peer="b"}'), 9000);
	t.is(of('receive_packets_total{peer="b"}'), 7);
	t.is(of('receive_bytes_total{peer="b"}'), 700);
	t.is(of('events_sent_total{peer="b"}'), 30);
	t.is(of('events_suppressed_total{peer="b"}'), 70);
	t.is(of('events_received_total{peer="b"}'), 5);
	t.is(of('backlogged_packets_total{peer="b"}'), 3);
	t.is(of('returned_packets_total{peer="b"}'), 1);
	t.is(of('dropped_packets_total{peer="b",reason="source"}'), 2);
	t.is(of('dropped_packets_total{peer="b",reason="device"}'), 0);
	t.is(of('fallback_packets_total{peer="b",reason="qdisc"}'), 4);

	await kernel.close(2);
	await stage.clock.advance(1000);
	await stage.connect(1, 2);
	/* More than before: no reader could tell that the module had begun at 0 again. */
	kernel.carry(2, {txPackets: 1000n});
	t.is(await a.value('coloop_peer_transmit_packets_total{peer="b"}'), 1100);
	t.is(await a.value('coloop_peer_fallback_packets_total{peer="b",reason="qdisc"}'), 4);
	t.is(await a.value('coloop_channels_ended_total{state="closed",reason="asked"}'), 1);
	await stage.stopAll();
});

test('a peer that lies, and one that is gone', async t => {
	const {stage, a} = await hosted();
	t.is(await a.value('coloop_protocol_errors_total{kind="bad-index"}'), 0);
	await stage.connect(1, 2);
	stage.kernel(1).fall(2, 'broken', 'bad-index');
	await stage.clock.advance(10);
	t.is(await a.value('coloop_protocol_errors_total{kind="bad-index"}'), 1);
	t.is(await a.value('coloop_channels_ended_total{state="broken",reason="bad-index"}'), 1);
	t.regex(await a.page(), /peer="b"/);
	await stage.destroy(2);
	await stage.clock.advance(10_000);
	t.notRegex(await a.page(), /peer="b"/);
	t.is(await a.value('coloop_protocol_errors_total{kind="bad-index"}'), 1);
	await stage.stopAll();
});

test('what policy decides', async t => {
	const {stage, a} = await hosted();
	t.is(await a.value('coloop_policy_loads_total{result="success"}'), 1);
	t.is(await a.value('coloop_policy_rules{kind="accept"}'), 1);
	stage.setPolicy(1, 'version: 1\naccept: []\n');
	await stage.clock.advance(100);
	t.is(await a.value('coloop_policy_loads_total{result="success"}'), 2);
	t.is(await a.value('coloop_policy_rules{kind="accept"}'), 0);
	t.is(await a.value('coloop_peer_state{peer="b",state="refused",code="policy"}'), 1);
	const denied = await a.value('coloop_policy_decisions_total{role="endpoint",action="deny"}');
	t.true((denied ?? 0) > 0);
	await stage.stopAll();
});

test('requests to XenStore, and what it refuses', async t => {
	const {stage, a} = await hosted();
	const reads = (await a.value('coloop_xenstore_requests_total{operation="read"}')) ?? 0;
	t.true(reads > 0);
	t.true(((await a.value('coloop_xenstore_requests_total{operation="watch"}')) ?? 0) > 0);
	t.true(((await a.value('coloop_xenstore_watch_events_total')) ?? 0) > 0);
	t.is(await a.value('coloop_xenstore_errors_total{error="lost"}'), undefined);
	const before = await a.value('coloop_xenstore_request_seconds_count');
	stage.knobs(1).wrapping.isDead = true;
	await stage.clock.until(
		'the role waits',
		async () => (await a.value('coloop_role_up{role="endpoint"}')) === 0,
		120_000,
	);
	t.true(((await a.value('coloop_xenstore_errors_total{error="lost"}')) ?? 0) > 0);
	t.true(((await a.value('coloop_xenstore_request_seconds_count')) ?? 0) > (before ?? 0));
	stage.knobs(1).wrapping.isDead = false;
	await stage.clock.until(
		'the role runs again',
		async () => (await a.value('coloop_role_up{role="endpoint"}')) === 1,
		120_000,
	);
	await stage.stopAll();
});

test('without a module there is nothing of it', async t => {
	const {stage, a} = await hosted();
	stage.setModule(1, 'absent');
	await stage.clock.advance(2000);
	const page = await a.page();
	t.is(valueOf(page, 'coloop_module_loaded'), 0);
	t.notRegex(page, /^coloop_module_info\{/m);
	t.notRegex(page, /^coloop_grants_in_use /m);
	await stage.stopAll();
});

test('many who ask at once get one page, and the daemon has its turn between metrics', async t => {
	let readings = 0;
	const status = {version: '1', roles: [], domid: 1, module_loaded: null, module: null};
	const page = createPage({
		metrics: new Metrics(),
		totals: new PeerTotals(),
		unix: () => 1,
		async read() {
			readings += 1;

			return {
				roles: new Map(),
				status: {
					...status,
					...{
						policy_directory: null,
						policy_errors: [],
						problems: [],
						peers: [],
						pairs: null,
					},
				},
			};
		},
	});
	let turns = 0;
	const ticking = setInterval(() => {}, 1000);
	const count = () => {
		turns += 1;
		immediate = setImmediate(count);
	};
	let immediate = setImmediate(count);
	const [first, second] = await Promise.all([page(), page()]);
	clearImmediate(immediate);
	clearInterval(ticking);
	t.is(first, second);
	t.is(readings, 1);
	t.true(turns >= metricNames.length - 1);
	await page();
	t.is(readings, 2);
});

test('a page names every metric once, with its help', async t => {
	const {stage, a} = await hosted();
	const page = await a.page();
	for (const name of metricNames) {
		const {help, type} = definitions[name];
		t.is(page.split('\n').filter(line => line === `# HELP ${name} ${help}`).length, 1, name);
		t.is(page.split('\n').filter(line => line === `# TYPE ${name} ${type}`).length, 1, name);
	}
	await stage.stopAll();
});
