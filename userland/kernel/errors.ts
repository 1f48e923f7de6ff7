// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';
import {SystemError} from '../netlink-js/index.ts';
import {type AttributeTable, attributeAt, littleEndian, viewOf} from './attributes.ts';
import {decode} from './codec.ts';
import {headerLength, type Message, messageFlags, type Request} from './message.ts';

/** What the kernel adds to an acknowledgement. */
const extendedAttributes = {
	sentence: {id: 1, type: 'string'},
	offset: {id: 2, type: 'u32'},
	missingType: {id: 5, type: 'u32'},
	missingNest: {id: 6, type: 'u32'},
} as const;

const errnoLength = 4;

/**
 * What an acknowledgement, or the end of a dump, says against a request: the kernel's sentence with
 * the attribute it means. Undefined where the request was granted.
 */
export function refusal(
	message: Message,
	isDone: boolean,
	request: Request,
): ColoopError | undefined {
	if (message.payload.length < errnoLength) {
		return isDone
			? undefined
			: new ColoopError('PROTOCOL', 'netlink acknowledgement: expected an error number');
	}
	const errno = -viewOf(message.payload).getInt32(0, littleEndian);

	if (errno === 0) {
		return undefined;
	}
	const cause = new SystemError('netlink', errno);
	const {sentence, ...where} = extension(message, isDone);
	const name = attributeName(where, request);

	return new ColoopError(
		'KERNEL',
		`${sentence ?? `the kernel refused: ${cause.code}`}${name === undefined ? '' : ` (${name})`}`,
		{cause, ...(cause.code === 'EPERM' && {hint: 'run it as root'})},
	);
}

/** The name of the error number behind a refusal, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
	return error instanceof ColoopError && error.cause instanceof SystemError
		? error.cause.code
		: undefined;
}

export function noModule(): ColoopError {
	return new ColoopError('NO_MODULE', 'the coloop module is not loaded', {
		hint: 'modprobe coloop',
	});
}

function extension(message: Message, isDone: boolean) {
	if ((message.flags & messageFlags.extended) === 0) {
		return {};
	}
	// Between the error number and the attributes stands the request, or only its header.
	const echo = isDone
		? 0
		: (message.flags & messageFlags.capped) === 0
			? echoLength(message)
			: headerLength;

	return decode(extendedAttributes, message.payload.subarray(errnoLength + echo));
}

function echoLength({payload}: Message): number {
	return payload.length < errnoLength + headerLength
		? payload.length
		: viewOf(payload).getUint32(errnoLength, littleEndian);
}

function attributeName(
	{
		offset,
		missingType,
		missingNest,
	}: {
		offset?: number | undefined;
		missingType?: number | undefined;
		missingNest?: number | undefined;
	},
	{header, attributes, table}: Request,
): string | undefined {
	const start = headerLength + header.length;

	if (missingType !== undefined) {
		const nest = attributeAt(table, attributes, (missingNest ?? 0) - start);
		const name = nameOf(nest === undefined ? table : (tableAt(table, nest) ?? {}), missingType);

		return nest === undefined ? name : `${nest}.${name ?? missingType}`;
	}

	return offset === undefined ? undefined : attributeAt(table, attributes, offset - start);
}

function nameOf(table: AttributeTable, id: number): string | undefined {
	return Object.entries(table).find(([, attribute]) => attribute.id === id)?.[0];
}

/** The table of the nest of that name, `channel` or `a.b`. */
function tableAt(table: AttributeTable, path: string): AttributeTable | undefined {
	return path
		.split('.')
		.reduce<AttributeTable | undefined>(
			(set, name) => (set?.[name]?.type === 'nest' ? set[name].set : undefined),
			table,
		);
}
