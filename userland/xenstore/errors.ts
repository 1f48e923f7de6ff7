// SPDX-License-Identifier: MIT
import {ColoopError} from '../errors.ts';

const meanings: Readonly<Record<string, string>> = {
	EACCES: 'permission denied',
	EAGAIN: 'changed by others meanwhile',
	EPERM: 'not permitted',
	ENOENT: 'no such node',
	E2BIG: 'too large',
	ENOSPC: 'no room left',
	EQUOTA: 'quota exceeded',
};

/** xenstored's names for "over quota"; clients may see EINVAL for those they do not know. */
const quota = ['EQUOTA', 'ENOSPC', 'EINVAL', 'E2BIG'];

/** What xenstored answered instead, by its error name, such as `EACCES`. */
export function storeRefusal(path: string, name: string): ColoopError {
	const hint = quota.includes(name)
		? 'this domain may be over its XenStore quota (nodes, watches, size of a node)'
		: undefined;
	const meaning = meanings[name] ?? 'refused';

	return new ColoopError('STORE', `${path}: ${meaning} (XenStore said ${name})`, {
		cause: name,
		...(hint !== undefined && {hint}),
	});
}

/** The name of xenstored's error behind a refusal. */
export function refusalName(error: unknown): string | undefined {
	return error instanceof ColoopError && typeof error.cause === 'string'
		? error.cause
		: undefined;
}

export function connectionLost(cause?: unknown): ColoopError {
	return new ColoopError('STORE', 'the connection to XenStore is gone', {cause});
}
