// SPDX-License-Identifier: MIT
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {PolicyFile} from '../../../userland/policy/files.ts';
import {loadApart} from '../../../userland/policy/load-apart.ts';
import {loadPolicy, type LoadedPolicy} from '../../../userland/policy/load.ts';
import {watchPolicy} from '../../../userland/policy/watch.ts';

const allows = (name: string) => `version: 1\naccept:\n  - allow: ${name}\n`;
const peers = ({policy}: LoadedPolicy) => policy.accept.map(({peer}) => peer).join();

function document(name: string, content: string | Error): PolicyFile {
	const path = `etcd:/p/${name}`;

	return {name: path, path, content: content instanceof Error ? content : Buffer.from(content)};
}

async function directory(t: ExecutionContext, files: Record<string, string>): Promise<string> {
	const dir = await mkdtemp(join(tmpdir(), 'coloop-documents-'));
	t.teardown(() => rm(dir, {recursive: true}));
	for (const [name, text] of Object.entries(files)) {
		await writeFile(join(dir, name), text, {mode: 0o644});
	}

	return dir;
}

test('documents stand among files by the bytes of their names, a file before its namesake', async t => {
	const dir = await directory(t, {'10-a.yaml': allows('f10'), '9-a.yaml': allows('f9')});
	const documents = ['9-a.yaml', '10-a.yaml', 'B.yaml', '00.yaml'].map(name =>
		document(name, allows(`d-${name}`)),
	);
	const loaded = await loadPolicy(dir, {documents});

	t.deepEqual(loaded.errors, []);
	t.is(peers(loaded), 'd-00.yaml,f10,d-10-a.yaml,f9,d-9-a.yaml,d-B.yaml');
	t.deepEqual(loaded.policy.accept[0]?.source, {file: 'etcd:/p/00.yaml', line: 3, column: 5});
});

test('the packaged directory is read beside them where that of the site is empty', async t => {
	const [site, packaged] = [await directory(t, {}), await directory(t, {'90.yaml': allows('f')})];
	const documents = [document('10.yaml', allows('d'))];

	t.is(peers(await loadPolicy([site, packaged], {documents})), 'd,f');
	const alone = await loadPolicy([site, join(site, 'none')], {documents});
	t.is(peers(alone), 'd');
	t.is(alone.dir, site);
	const nowhere = await loadPolicy(join(site, 'none'), {documents});
	t.is(peers(nowhere), 'd');
	t.is(nowhere.dir, undefined);
	t.is(peers(await loadPolicy([site, packaged], {documents: []})), 'f');
});

test('one that is broken allows nothing, and its place is told', async t => {
	const dir = await directory(t, {'10.yaml': allows('f')});
	const messages = async (...documents: PolicyFile[]) =>
		(await loadPolicy(dir, {documents})).errors.map(({message}) => message);

	t.deepEqual(await messages(document('20.yaml', 'version: 1\naccept:\n  - alow: x\n')), [
		'etcd:/p/20.yaml:3:5: error: accept[0]: expected a rule: "allow:" or "deny:" and its names, got a map',
	]);
	t.deepEqual(await messages(document('20.yaml', new Error('more than 9 bytes'))), [
		'etcd:/p/20.yaml:1:1: error: file: expected a file that can be read, got more than 9 bytes',
	]);
	t.regex(
		(await messages(document('20.yml', allows('x'))))[0] ?? '',
		/^etcd:\/p\/20\.yml:1:1: error: file: expected a name that ends in \.yaml/,
	);
	t.deepEqual(
		await messages(document('20.yaml', `${allows('x')}include: [/etc/coloop/x.yaml]\n`)),
		[
			'etcd:/p/20.yaml:4:11: error: include: expected no include in a document of etcd, got /etc/coloop/x.yaml',
		],
	);
});

test('a file may use the tags of a document, and is used where a thread reads', async t => {
	const many = Array.from({length: 1000}, (_, index) => `  - allow: guest-${index}\n`).join('');
	const dir = await directory(t, {
		'10.yaml': `version: 1\naccept:\n  - allow: {tag: x}\n${many}`,
	});
	const documents = [document('90.yaml', 'version: 1\ntags: {x: [web]}\n')];
	const {signal} = new AbortController();

	const loaded = await loadApart({dirs: dir, side: undefined, documents}, signal);
	t.deepEqual(loaded.errors, []);
	t.is(loaded.policy.accept.length, 1001);
	const broken = [...documents, document('95.yaml', new Error('nothing'))];
	const {errors} = await loadApart({dirs: dir, side: undefined, documents: broken}, signal);
	t.regex(errors[0]?.message ?? '', /^etcd:\/p\/95\.yaml:1:1: .* got nothing$/);
});

test('a name that is none of a policy is warned of', async t => {
	const dir = await directory(t, {'10.yaml': allows('f')});
	const documents = ['README', 'sub/10.yaml', '.hidden.yaml'].map(name => document(name, '?'));
	const {errors, warnings} = await loadPolicy(dir, {documents: documents.slice(0, 1)});

	t.deepEqual(errors, []);
	t.deepEqual(warnings, [
		'etcd:/p/README:1:1: warning: file: is not read: its name does not end in .yaml, or begins with a dot',
	]);
	t.is((await loadPolicy(dir, {documents: documents.slice(2)})).warnings.length, 1);
});

test('a watch waits for them, hears of changes, and accepts what has no error', async t => {
	const dir = join(await directory(t, {}), 'policy.d');
	await mkdir(dir);
	let [now, tell, open] = [[document('1.yaml', allows('a'))], () => {}, () => {}];
	const accepted: string[] = [];
	const opened = new Promise<void>(resolve => (open = resolve));
	const stop = new AbortController();
	const alive = setInterval(() => {}, 1000);
	t.teardown(() => clearInterval(alive));
	const states = watchPolicy(dir, stop.signal, () => {}, undefined, {
		ready: () => opened,
		read: () => now,
		follow: async changed => void (tell = changed),
		accept: documents => void accepted.push(documents.map(({name}) => name).join()),
	})[Symbol.asyncIterator]();
	const next = async () => (await states.next()).value as LoadedPolicy;

	const first = next();
	t.is(await Promise.race([first, new Promise(resolve => setTimeout(resolve, 50))]), undefined);
	open();
	t.is(peers(await first), 'a');
	now = [document('2.yaml', 'version: 2')];
	tell();
	const broken = await next();
	t.is(peers(broken), 'a');
	t.is(broken.errors.length, 1);
	now = [document('3.yaml', allows('c'))];
	tell();
	t.is(peers(await next()), 'c');
	t.deepEqual(accepted, ['etcd:/p/1.yaml', 'etcd:/p/3.yaml']);
	stop.abort();
});
