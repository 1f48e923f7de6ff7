// SPDX-License-Identifier: MIT
//
// Debian's own Prometheus reads what the real daemon says; the host around it is in memory.
import {spawnSync} from 'node:child_process';
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {parse} from 'yaml';
import {createPublisher} from '../../userland/metrics/publish.ts';
import {createStage} from '../unit/daemon/_stage.ts';
import type {Outlet} from '../../userland/metrics/outlets.ts';
import {startNodeExporter, startPrometheus} from './_prometheus.ts';
import {until} from './_until.ts';

/** A guest with a live channel to b, whose metrics are on a page. */
async function publishing(...more: Outlet[]) {
	const stage = createStage();
	await stage.create(1);
	await stage.create(2);
	let where = '';
	const say = (event: string, fields: Readonly<Record<string, string>>) => {
		where = event === 'metrics.served' ? (fields['where'] ?? '') : where;
	};
	let publisher: ReturnType<typeof createPublisher> | undefined;
	const outlet = {kind: 'loopback', host: '127.0.0.1', port: 0} as const;
	const daemon = stage.start(0, ['host', 'endpoint'], world => {
		const made = createPublisher(world, [outlet, ...more], {info: say, error: say});
		publisher = made;

		return made.world;
	});
	stage.start(1);
	stage.start(2);
	const stop = new AbortController();
	const done = publisher?.run(daemon.read, stop.signal);
	await stage.connect(0, 2);
	await stage.connect(1, 2);
	stage
		.kernel(0)
		.carry(2, {txPackets: 1000n, txBytes: 90_000n, eventsSent: 10n, droppedDevice: 1n});
	stage.kernel(0).pass(2, 'size', 12);
	await until('the page is there', async () => where !== '');

	return {
		...{stage, where},
		page: async () => (await fetch(`http://${where}/metrics`)).text(),
		async stop() {
			stop.abort();
			await done;
			await stage.stopAll();
		},
	};
}

function promtool(argv: readonly string[], input?: string) {
	const {status, stdout, stderr} = spawnSync('promtool', argv, {input, encoding: 'utf8'});

	return {status, said: `${stdout}${stderr}`};
}

test('Prometheus scrapes the page, and every expression of ours can be asked', async t => {
	const {stage, where, stop} = await publishing();
	const prometheus = await startPrometheus(where);
	const value = async (expr: string) =>
		Number((await prometheus.query(expr))[0]?.value[1] ?? NaN);
	try {
		await until('it was scraped', async () => (await value('up{job="coloop"}')) === 1);
		t.is(await value('coloop_peer_transmit_packets_total{peer="b"}'), 1000);
		t.is(await value('coloop_peer_events_suppressed_total{peer="b"}'), 990);
		t.is(await value('coloop_peer_fallback_packets_total{peer="b",reason="size"}'), 12);
		t.is(await value('coloop_peer_dropped_packets_total{peer="b",reason="device"}'), 1);
		t.is(await value('sum(coloop_pairs{state="live"})'), 2);
		t.is(await value('coloop_channel_setup_seconds_count'), 1);
		stage.kernel(0).carry(2, {txPackets: 500n});
		await until(
			'it has grown',
			async () => (await value('coloop_peer_transmit_packets_total{peer="b"}')) === 1500,
		);
		t.true((await value('rate(coloop_peer_transmit_packets_total{peer="b"}[1m])')) > 0);

		await stage.destroy(2);
		await stage.clock.advance(10_000);
		await until(
			'a peer that is gone has no series',
			async () => (await prometheus.query('coloop_peer_state{peer="b"}')).length === 0,
		);

		for (const expr of await expressions()) {
			await t.notThrowsAsync(prometheus.query(expr), expr);
		}
		const rules = JSON.stringify(await prometheus.get('/api/v1/rules'));
		t.regex(rules, /ColoopProtocolError/);
		t.notRegex(rules, /"lastError"/);
		const targets = JSON.stringify(await prometheus.get('/api/v1/targets'));
		t.regex(targets, /"lastError":""/);
	} finally {
		await prometheus.stop();
		await stop();
	}
});

async function expressions(): Promise<string[]> {
	const {panels, annotations} = JSON.parse(await readFile('monitoring/dashboard.json', 'utf8'));
	type Panel = {targets?: Array<{expr: string}>};
	const all: string[] = [
		...panels.flatMap(({targets = []}: Panel) => targets.map(({expr}) => expr)),
		...annotations.list.map(({expr}: {expr: string}) => expr),
	];

	return all.map(expr =>
		expr.replace(/\$__(rate_interval|range)/g, '1m').replace(/\$(instance|peer)/g, '.*'),
	);
}

test('node_exporter takes the file as it is', async t => {
	const folder = await mkdtemp(join(tmpdir(), 'coloop-textfile-'));
	const {stage, page, stop} = await publishing({kind: 'file', path: join(folder, 'coloop.prom')});
	const exporter = await startNodeExporter(folder);
	try {
		const read = async () => (await fetch(exporter.url)).text();
		await stage.clock.advance(16_000);
		const sent = 'coloop_peer_transmit_packets_total{peer="b"} 1000';
		await until('the file is read', async () => (await read()).includes(sent));
		const all = await read();
		t.regex(all, /^node_textfile_scrape_error 0$/m);
		t.regex(all, /^node_textfile_mtime_seconds\{file=".*\/coloop\.prom"\} /m);
		const names = (text: string) => [...new Set(text.match(/^coloop_\w+/gm))].sort();
		t.deepEqual(names(all), names(await page()));
	} finally {
		await exporter.stop();
		await stop();
	}
	t.deepEqual(await readdir(folder), []);
	await rm(folder, {recursive: true});
});

test('promtool finds nothing to say about our metrics', async t => {
	const {page, stop} = await publishing();
	const text = await page();
	await stop();
	t.deepEqual(promtool(['check', 'metrics'], text), {status: 0, said: ''});
	/* And it would say something. */
	const bad = promtool(['check', 'metrics'], text.replaceAll('_bytes_total', '_kilobytes'));
	t.is(bad.status, 3);
});

test('every alert fires when it should, and not before', t => {
	t.is(promtool(['check', 'rules', 'monitoring/alerts.yaml']).status, 0);
	const {status, said} = promtool(['test', 'rules', 'monitoring/alerts-test.yaml']);
	t.is(status, 0, said);
});

test('no alert is needless: without it, its case fails', async t => {
	const {groups} = parse(await readFile('monitoring/alerts.yaml', 'utf8'));
	const cases = parse(await readFile('monitoring/alerts-test.yaml', 'utf8'));
	type Rule = {alert: string};
	const without = {
		groups: groups.map(({name, rules}: {name: string; rules: Rule[]}) => ({
			name,
			rules: rules.map(rule => ({...rule, expr: `vector(0) > 1`})),
		})),
	};
	const folder = await mkdtemp(join(tmpdir(), 'coloop-rules-'));
	await writeFile(join(folder, 'rules.yaml'), JSON.stringify(without));
	const test = JSON.stringify({...cases, rule_files: ['rules.yaml']});
	await writeFile(join(folder, 'test.yaml'), test);
	const {said} = promtool(['test', 'rules', join(folder, 'test.yaml')]);
	await rm(folder, {recursive: true});
	for (const {alert} of groups[0].rules as Rule[]) {
		t.true(said.includes(alert), alert);
	}
});
