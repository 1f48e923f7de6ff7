// SPDX-License-Identifier: MIT
import path from 'node:path';
import {build} from 'esbuild';
import {load, type Body} from '../channel.ts';
import {repository} from '../paths.ts';
import {withLab} from '../with-lab.ts';
import test from 'ava';

/** Requests in all, by two programs at once. */
const count = Number(process.env['NETLINK_REQUESTS'] ?? 40_000);

async function program(name: string): Promise<string> {
	const built = await build({
		entryPoints: [path.join(repository, `test/evil/${name}.ts`)],
		...{bundle: true, write: false, platform: 'node', target: 'node18', format: 'esm'},
	});

	return built.outputFiles?.[0]?.text ?? '';
}

/** Parts of all requests that are at least answered so: the right ones, and each kind of wrong. */
const expected = {
	...{done: 0.1, EINVAL: 0.1, ERANGE: 0.02, ENOENT: 0.05},
	...{EBUSY: 0.005, ESTALE: 0.02, EEXIST: 0.02},
};

const zero = {peers: 0, channels: 0, grants: 0, maps: 0, ports: 0, deferred: 0};

/** Every request is answered, right ones are done, and nothing is left of any of them. */
const survives: Body = async (t, {a, claim}) => {
	await load(a);
	await a.push('/opt/coloop/fuzz-netlink.mjs', await program('fuzz-netlink'));
	const run = (seed: number) =>
		a.run(`node /opt/coloop/fuzz-netlink.mjs ${seed} ${count / 2}`, {timeout: 1_500_000});
	for (const {stdout} of await Promise.all([run(1), run(2)])) {
		t.log(stdout.trim());
		const {answers} = JSON.parse(stdout);
		const answered = Object.values<number>(answers).reduce((sum, each) => sum + each, 0);
		t.is(answered, count / 2);
		for (const [errno, least] of Object.entries(expected)) {
			t.true((answers[errno] ?? 0) >= (least * count) / 2, `${errno} is answered too rarely`);
		}
	}
	// Each has deleted what it saw; the last one's word holds for both.
	const last = JSON.parse((await a.run('node /opt/coloop/fuzz-netlink.mjs 3 0')).stdout);
	t.deepEqual(last.held, zero);
	await a.run('rmmod coloop');
	claim('netlink', `${count} requests answered, nothing left`);
};

/** Who cannot be told of an offer could neither use it nor take it back. */
const tellsOrKeepsNothing: Body = async (t, {a}) => {
	await load(a);
	await a.push('/opt/coloop/deaf-netlink.mjs', await program('deaf-netlink'));
	const {stdout} = await a.run('node /opt/coloop/deaf-netlink.mjs');
	t.deepEqual(JSON.parse(stdout), {
		deaf: {channels: 0, grants: 0, ports: 0},
		// The same request, where there is room for its answer.
		heard: {channels: 1, grants: 33, ports: 1},
	});
	await a.run('rmmod coloop');
};

test('an offer of which nobody can be told is none', withLab, tellsOrKeepsNothing);
test('the module answers every request, however broken, and keeps nothing', withLab, survives);
