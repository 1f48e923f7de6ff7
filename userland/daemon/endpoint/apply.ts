// SPDX-License-Identifier: MIT
import {ColoopError} from '../../errors.ts';
import type {Kernel} from '../../kernel/kernel.ts';
import {errnoOf} from '../../kernel/errors.ts';
import type {Own} from '../../xenstore/paths.ts';
import type {Store} from '../../xenstore/store.ts';
import {renderDeclined} from '../../xenstore/declined.ts';
import {describe, sentence, type Log} from '../log.ts';
import {renderOffer} from '../../xenstore/values.ts';
import type {Cause, EndpointStep} from './steps.ts';
import type {Failure, Backoff} from './backoff.ts';

type Tools = {
	readonly store: Store;
	readonly paths: Own;
	readonly kernel: Kernel | undefined;
	readonly backoff: Backoff;
	readonly log: Log;
};

/**
 * Does what was planned, in order. What fails with one peer leaves the others alone; answers how
 * many steps failed.
 */
export async function apply(steps: readonly EndpointStep[], tools: Tools): Promise<number> {
	let failed = 0;
	for (const step of steps) {
		try {
			await act(step, tools);
			report(step, tools.log);
		} catch (error) {
			if (error instanceof ColoopError && error.code === 'NO_MODULE') {
				throw error;
			}
			const {domid, ...rest} = subject(step);
			tools.log.warn('step.failed', {step: step.kind, domid, ...rest, ...describe(error)});
			if (domid !== undefined && step.kind !== 'decline') {
				tools.backoff.failed(domid, sentence(error), failureOf(error));
			}
			failed += 1;
		}
	}

	return failed;
}

function failureOf(error: unknown): Failure {
	return isShortage(errnoOf(error)) ? 'shortage' : 'fault';
}

/** Memory, grants, or the pages that a peer may keep of ended channels. */
function isShortage(errno: string | undefined): boolean {
	return errno === 'ENOMEM' || errno === 'ENOSPC' || errno === 'EDQUOT';
}

async function act(step: EndpointStep, tools: Tools): Promise<void> {
	const {store, paths} = tools;
	switch (step.kind) {
		case 'hello':
			return store.write(paths.hello, step.value);
		case 'retract':
			return store.remove(paths.hello);
		case 'publish':
			await store.write(`${paths.offers}/${step.domid}`, renderOffer(step.value));
			if (step.cause) {
				noteFailure(step.domid, step.cause, tools);
			}

			return;
		case 'unpublish':
			return store.remove(`${paths.offers}/${step.domid}`);
		case 'forget':
			return store.remove(`${paths.stats}/${step.domid}`);
		case 'decline':
			return store.write(`${paths.declined}/${step.domid}`, renderDeclined(step.value));
		case 'accept':
			return store.remove(`${paths.declined}/${step.domid}`);
		case 'accept-all':
			return store.remove(paths.declined);
		default:
			return actOnKernel(step, tools, opened(tools.kernel));
	}
}

function noteFailure(domid: number, {reason, failure, wasLive}: Cause, {backoff}: Tools): void {
	if (failure !== undefined) {
		backoff.failed(domid, reason, failure, wasLive);
	}
}

type KernelStep = Extract<
	EndpointStep,
	{kind: 'peer-new' | 'peer-set' | 'peer-delete' | 'offer' | 'attach' | 'close'}
>;

async function actOnKernel(step: KernelStep, tools: Tools, kernel: Kernel): Promise<void> {
	switch (step.kind) {
		case 'peer-new':
			return kernel.peerNew(step.config);
		case 'peer-set':
			return kernel.peerSet(step.config);
		case 'peer-delete':
			return kernel.peerDelete(step.domid);
		case 'offer':
			return offer(step, tools, kernel);
		case 'attach':
			return orClose(step.domid, kernel, () =>
				kernel.attach(step.domid, step.epoch, step.offer),
			);
		case 'close':
			return kernel.close(step.domid);
	}
}

/** Grants first, then says so; a grant that nobody heard of is taken back. */
async function offer(
	{domid, epoch, listen, order, queues}: Extract<EndpointStep, {kind: 'offer'}>,
	{store, paths}: Tools,
	kernel: Kernel,
): Promise<void> {
	const refs = await kernel.offer(domid, epoch, {listen, order, queues});
	const value = renderOffer({epoch, state: 'offered', version: 1, ...refs});
	await orClose(domid, kernel, () => store.write(`${paths.offers}/${domid}`, value));
}

async function orClose(domid: number, kernel: Kernel, act: () => Promise<void>): Promise<void> {
	try {
		await act();
	} catch (error) {
		await kernel.close(domid).catch(() => {});
		throw error;
	}
}

function opened(kernel: Kernel | undefined): Kernel {
	if (kernel) {
		return kernel;
	}
	throw new ColoopError('NO_MODULE', 'the coloop module is not loaded');
}

function subject(step: EndpointStep): {domid?: number; epoch?: number; peer?: string} {
	if ('config' in step) {
		const {domid, epoch, name} = step.config;

		return {domid, epoch, peer: name};
	}
	if (!('domid' in step)) {
		return {};
	}

	return 'epoch' in step ? {domid: step.domid, epoch: step.epoch} : {domid: step.domid};
}

function report(step: EndpointStep, log: Log): void {
	const fields = subject(step);
	switch (step.kind) {
		case 'hello':
			log.info('hello.written', {value: step.value});

			return;
		case 'retract':
			log.info('hello.removed');

			return;
		case 'publish':
			log.debug('offer.written', {...fields, state: step.value.state});
			if (step.cause) {
				log.info('channel.ended', {...fields, reason: step.cause.reason});
			}

			return;
		case 'close':
			log.info('channel.closed', {...fields, reason: step.why});

			return;
		case 'unpublish':
		case 'forget':
			log.debug(step.kind === 'forget' ? 'stats.removed' : 'offer.removed', fields);

			return;
		case 'decline':
			log.info('peer.declined', {...fields, ...step.value});

			return;
		case 'accept':
		case 'accept-all':
			log.info('peer.accepted', fields);

			return;
		default:
			log.info(kernelEvents[step.kind], fields);
	}
}

const kernelEvents = {
	'peer-new': 'peer.added',
	'peer-set': 'peer.changed',
	'peer-delete': 'peer.removed',
	offer: 'channel.offered',
	attach: 'channel.attached',
} as const;
