// SPDX-License-Identifier: MIT
import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import test from 'ava';

import {attributeOf, parseSpec, setOf} from '../../../kmod/spec/parse.ts';
import {plainDisciplines, ratedDisciplines} from '../../../userland/kernel/constants.ts';

const top = fileURLToPath(new URL('../../../../../', import.meta.url));
const spec = await readFile(`${top}/kmod/spec/coloop.yaml`, 'utf8');

test('the generated files follow from the spec', async t => {
	const generator = `${top}/build/ts/kmod/spec/generate.js`;

	await t.notThrowsAsync(
		promisify(execFile)(process.execPath, [generator, '--check'], {cwd: top}),
	);
});

test('every attribute says what it means', t => {
	for (const set of parseSpec(spec)['attribute-sets']) {
		for (const attribute of set.attributes) {
			t.true(attribute.type === 'pad' || (attribute.doc ?? '').length > 10, attribute.name);
		}
	}
});

test('the module and its control plane know the same disciplines', async t => {
	const header = await readFile(`${top}/kmod/uapi/coloop.h`, 'utf8');
	const inC = (name: string) =>
		[...(new RegExp(`define ${name} [^}]*`).exec(header)?.[0] ?? '').matchAll(/"(\w+)"/g)].map(
			([, discipline]) => discipline,
		);

	t.deepEqual(inC('COLOOP_PLAIN_DISCIPLINES'), [...plainDisciplines]);
	t.deepEqual(inC('COLOOP_RATED_DISCIPLINES'), [...ratedDisciplines]);
});

test("a list of names holds the kernel's words", t => {
	for (const wrong of ['names: []', 'names: [fq, "cake\\""]', 'names: [fq, FQ]']) {
		t.throws(() => parseSpec(spec.replace('names: [fq, cake]', wrong)), {message: /names/});
	}
});

test('a spec that names what is not there is refused', t => {
	t.is(attributeOf(setOf(parseSpec(spec), 'peer'), 'domid').type, 'u32');
	t.throws(() => parseSpec(spec.replace('max-len: name-max', 'max-len: nme-max')), {
		message: /got nme-max/,
	});
	t.throws(() => parseSpec(spec.replace('attributes: [domid]', 'attributes: [dmid]')), {
		message: 'attribute set peer has no dmid',
	});
	t.throws(() => parseSpec(spec.replace('type: u64', 'type: u65')), {message: /u64/});
	t.throws(() => parseSpec(spec.replace('version: ', 'verson: ')), {message: /verson/});
});
