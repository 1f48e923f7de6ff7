// SPDX-License-Identifier: MIT
import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import {parse} from 'yaml';
import {z} from 'zod';
import {PolicyError} from '../../../userland/policy/errors.ts';
import {parsePolicy} from '../../../userland/policy/parse.ts';
import {policyJsonSchema} from '../../../userland/policy/schema.ts';

const committed = readFileSync('policy/schema.json', 'utf8');
const shipped = [
	'policy/90-default.yaml',
	...readdirSync('policy/examples').map(name => `policy/examples/${name}`),
];
const corpus = 'test/fixtures/policy';

test('policy/schema.json is what the parser uses', t => {
	t.deepEqual(
		JSON.parse(committed),
		JSON.parse(policyJsonSchema()),
		'print it anew: make generate',
	);
});

for (const file of shipped) {
	test(`${file} is a policy`, t => {
		t.notThrows(() => parsePolicy(readFileSync(file), file));
	});
}

for (const name of readdirSync(corpus)) {
	const text = readFileSync(`${corpus}/${name}`, 'utf8');

	test(`the schema and the parser agree on ${name}`, t => {
		const schema = z.fromJSONSchema(JSON.parse(committed));
		const valid = schema.safeParse(parse(text, {uniqueKeys: false})).success;

		t.is(valid, name.startsWith('good-'));
		if (valid) {
			t.notThrows(() => parsePolicy(text, name));
		} else {
			t.throws(() => parsePolicy(text, name), {instanceOf: PolicyError});
		}
	});
}
