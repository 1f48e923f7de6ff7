// SPDX-License-Identifier: MIT
import test from 'ava';
import {parseAnswer} from '../../../userland/control/protocol.ts';
import type {Daemon} from '../../../userland/daemon/daemon.ts';
import {createStage} from './_stage.ts';

const uuid = '9f2c1b9e-2f0e-4a8e-9d5a-0d7c7a4f0002';
const path = `/coloop/tags/${uuid}`;
const told = '/local/domain/1/coloop/peers/2';
const policy = 'version: 1\ntags:\n  web: []\npairs:\n  - allow: [a, {tag: web}]\n';

async function pairOf(host: Daemon) {
	const answer = parseAnswer(JSON.stringify(await host.handle({op: 'status'})));

	return answer.ok
		? answer.status?.pairs?.find(pair => pair.a.domid === 1 && pair.b.domid === 2)
		: undefined;
}

async function scene() {
	const stage = createStage();
	for (const domid of [0, 1, 2]) {
		await stage.create(domid);
	}
	await stage.xen.write('/local/domain/2/vm', `/vm/${uuid}`);
	stage.setPolicy(0, policy);
	const host = stage.start(0);
	stage.start(1);
	stage.start(2);

	return {stage, host};
}

test('a tag that dom0 gives a domain in XenStore allows it, as long as it is there', async t => {
	const {stage, host} = await scene();
	await stage.clock.advance(2000);
	t.like(await pairOf(host), {state: 'refused', code: 'policy'});
	await stage.xen.write(path, 'web db');
	await stage.connect(1, 2);
	t.true((await stage.xen.read(told))?.includes(' tags=db,web'));
	t.deepEqual((await pairOf(host))?.b.tags, ['db', 'web']);

	await stage.xen.write(path, 'db');
	await stage.clock.until('down', async () => !(await stage.isLive(1, 2)));
	t.like(await pairOf(host), {state: 'refused', code: 'policy'});
	await stage.xen.write(path, 'web');
	await stage.connect(1, 2);
	await stage.xen.setPermissions(path, [
		{domid: 0, access: 'none'},
		{domid: 2, access: 'write'},
	]);
	await stage.clock.until('down', async () => !(await stage.isLive(1, 2)));
	t.regex(
		(await pairOf(host))?.reason ?? '',
		/^the tags of b in XenStore say nothing: domain 2 may write/,
	);
	await stage.xen.remove('/coloop/tags');
	await stage.clock.until('as before', async () =>
		((await pairOf(host))?.reason ?? '').startsWith("no rule of dom0's policy"),
	);
	await stage.stopAll();
});

test("a guest's own policy goes by the tags that dom0 tells it", async t => {
	const {stage} = await scene();
	stage.setPolicy(
		1,
		'version: 1\ntags: {bad: []}\naccept:\n  - deny: {tag: bad}\n  - allow: "*"\n',
	);
	await stage.xen.write(path, 'web');
	await stage.connect(1, 2);
	await stage.xen.write(path, 'web bad');
	await stage.clock.until('down', async () => !(await stage.isLive(1, 2)));
	await stage.xen.write(path, 'web');
	await stage.connect(1, 2);
	t.pass();
	await stage.stopAll();
});
