// SPDX-License-Identifier: MIT
import type {ExecutionContext, ImplementationFn, TestFn} from 'ava';
import {Dom0, type Dom0Options} from './dom0.ts';

type Body = (dom0: Dom0, t: ExecutionContext) => Promise<void>;

/** A dom0 for one case: `test('...', withDom0({guests: ['web', 'db']}, async (dom0, t) => {...}))`. */
export function withDom0(options: Dom0Options, body: Body): ImplementationFn<[]> {
	return t =>
		inTurn(async () => {
			const dom0 = await Dom0.open(options);
			try {
				await run(dom0, t, body);
			} finally {
				await dom0.close();
			}
		});
}

/** A file has two scenes at a time: more would only wait for each other. */
const turns = [Promise.resolve(), Promise.resolve()];

function inTurn(work: () => Promise<void>): Promise<void> {
	const mine = (turns.shift() ?? Promise.resolve()).then(work);
	turns.push(mine.catch(() => {}));

	return mine;
}

/**
 * One dom0 for all cases of a file, one after the other. Before each, what the one before did is
 * undone, and `web` and `db` are announced again.
 */
export function sharedDom0(
	test: TestFn,
	options: Dom0Options,
): (body: Body) => ImplementationFn<[]> {
	let opened: Promise<Dom0> | undefined;
	let turn: Promise<unknown> = Promise.resolve();

	test.after.always(`dom0 goes (${JSON.stringify(options)})`, async () =>
		(await opened)?.close(),
	);

	return body => async t => {
		const mine = turn.then(async () => {
			const isFirst = opened === undefined;
			const dom0 = await (opened ??= Dom0.open(options));
			await run(dom0, t, async () => {
				if (!isFirst) {
					await startAnew(dom0, options);
				}
				const [a, b] = options.guests ?? [];
				if (options.start !== false && a && b) {
					await dom0.announced(a, b);
					await dom0.quiet();
				}
				await body(dom0, t);
			});
		});
		turn = mine.catch(() => {});
		await mine;
	};
}

/**
 * A pair that lost its announcement several times in a row waits longer and longer for the next; one
 * whose end is a new domain does not.
 */
async function startAnew(dom0: Dom0, {start, guests: [a, b] = []}: Dom0Options): Promise<void> {
	await dom0.reset();
	if (start === false || !a || !b) {
		return;
	}
	await dom0.reboot(b, () => dom0.quiet());
}

/** A case that fails shows what coloopd said meanwhile. */
async function run(dom0: Dom0, t: ExecutionContext, body: Body): Promise<void> {
	const before = dom0.said().length;
	try {
		await body(dom0, t);
		// `until` asserts too, by throwing; ava does not know.
		t.pass();
	} catch (error) {
		for (const line of dom0.said().slice(before).slice(-40)) {
			t.log(JSON.stringify(line));
		}
		throw error;
	}
}
