// SPDX-License-Identifier: MIT
//
// What the alerts and the dashboard ask for is what the daemon has.
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {parse} from 'yaml';
import {definitions, type MetricName} from '../../userland/metrics/definitions.ts';

const read = (name: string) => readFile(`monitoring/${name}`, 'utf8');

type Named = {readonly where: string; readonly expr: string};

async function alerts(): Promise<Named[]> {
	const {groups} = parse(await read('alerts.yaml'));

	return groups[0].rules.map(({alert, expr}: {alert: string; expr: string}) => ({
		where: alert,
		expr,
	}));
}

async function panels(): Promise<Named[]> {
	const dashboard = JSON.parse(await read('dashboard.json'));
	const {list} = dashboard.annotations;
	type Panel = {title: string; targets?: Array<{expr: string}>};
	type Variable = {name: string; definition?: string};

	return [
		...dashboard.panels.flatMap(({title, targets = []}: Panel) =>
			targets.map(({expr}) => ({where: title, expr})),
		),
		...dashboard.templating.list.map(({name, definition = ''}: Variable) => ({
			where: name,
			expr: definition,
		})),
		...list.map(({name, expr}: {name: string; expr: string}) => ({where: name, expr})),
	];
}

/** The metrics that an expression names, each with the labels that it selects by. */
function metricsIn(expr: string): Array<{metric: string; labels: string[]}> {
	return [...expr.matchAll(/\b(coloop_\w+)(?:\{([^}]*)\})?/g)].map(
		([, metric = '', selector = '']) => ({
			metric,
			labels: [...selector.matchAll(/(\w+)(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
		}),
	);
}

function definitionOf(metric: string) {
	const name = metric.replace(/_(bucket|sum|count)$/, '');
	const key = (metric in definitions ? metric : name) as MetricName;

	return definitions[key] as (typeof definitions)[MetricName] | undefined;
}

test('what alerts and dashboard name is there, with those labels', async t => {
	for (const {where, expr} of [...(await alerts()), ...(await panels())]) {
		for (const {metric, labels} of metricsIn(expr)) {
			const definition = definitionOf(metric);
			t.truthy(definition, `${where}: ${metric}`);
			const known = definition && 'labels' in definition ? definition.labels : [];
			const all: string[] = ['instance', 'job', 'le', ...known];
			t.deepEqual(
				labels.filter(label => !all.includes(label)),
				[],
				`${where}: ${metric}`,
			);
			const isHistogram = definition?.type === 'histogram';
			t.is(isHistogram, /_(bucket|sum|count)$/.test(metric), `${where}: ${metric}`);
		}
	}
});

/* Looked at by alerts alone, or joined with others by people. */
const notDrawn = [
	...['coloop_host_silent', 'coloop_module_loaded', 'coloop_role_up', 'coloop_peer_info'],
	...['coloop_policy_last_load_successful', 'coloop_policy_last_load_timestamp_seconds'],
	'coloop_peer_state_since_timestamp_seconds',
	...['coloop_fleet_connected', 'coloop_fleet_in_force', 'coloop_fleet_revision'],
	...['coloop_fleet_info', 'coloop_fleet_confirmed_timestamp_seconds'],
];

test('every metric is drawn, or known not to be', async t => {
	const targets = (await panels()).flatMap(({expr}) => metricsIn(expr));
	const drawn = new Set(targets.map(({metric}) => metric.replace(/_bucket$/, '')));
	const missing = Object.keys(definitions).filter(name => !drawn.has(name));
	t.deepEqual(
		missing.filter(name => !notDrawn.includes(name)),
		[],
	);
});

test('every alert has a case, and says what to do', async t => {
	const {groups} = parse(await read('alerts.yaml'));
	const {tests} = parse(await read('alerts-test.yaml'));
	const names: string[] = groups[0].rules.map(({alert}: {alert: string}) => alert);
	const tried: string[] = tests.map(({name}: {name: string}) => name);
	t.deepEqual(
		names.filter(name => !tried.includes(name)),
		[],
	);
	for (const {alert, annotations, labels} of groups[0].rules) {
		t.regex(annotations.summary, /\{\{ \$labels\./, alert);
		t.true(annotations.description.length > 20, alert);
		t.true(['warning', 'critical'].includes(labels.severity), alert);
	}
});

test('panels lie beside each other and have words', async t => {
	const {panels: all} = JSON.parse(await read('dashboard.json'));
	const cells = new Set<string>();
	const ids = new Set<number>();
	for (const {id, title, gridPos} of all) {
		ids.add(id);
		t.truthy(title);
		t.true(gridPos.x + gridPos.w <= 24, title);
		for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
			for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
				t.false(cells.has(`${x} ${y}`), title);
				cells.add(`${x} ${y}`);
			}
		}
	}
	t.is(ids.size, all.length);
});
