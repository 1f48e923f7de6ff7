// SPDX-License-Identifier: MIT

/** Every error a user can meet, with its meaning. `exit` is the CLI's exit status. */
export const errorCodes = {
	USAGE: {exit: 2, meaning: 'the command line is wrong'},
	POLICY: {exit: 1, meaning: 'a policy file is wrong'},
	STORE: {exit: 1, meaning: 'XenStore refused or could not be reached'},
	KERNEL: {exit: 1, meaning: 'the module refused a request'},
	FIREWALL: {exit: 1, meaning: 'libnftables refused or could not be read'},
	FLEET: {exit: 1, meaning: 'etcd refused, or no member of it could be reached'},
	NO_MODULE: {exit: 3, meaning: 'the coloop module is not loaded'},
	NO_DAEMON: {exit: 3, meaning: 'coloopd does not answer'},
	NO_XEN: {exit: 3, meaning: 'this machine has no XenStore'},
	PEER: {exit: 1, meaning: 'no such peer, or the peer cannot have a channel'},
	PROTOCOL: {exit: 1, meaning: 'a message or value is not well formed'},
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The one error class. `hint` says what a person can do about it. */
export class ColoopError extends Error {
	override readonly name = 'ColoopError';
	readonly code: ErrorCode;
	readonly hint: string | undefined;

	constructor(code: ErrorCode, message: string, options: ErrorOptions & {hint?: string} = {}) {
		super(message, options);
		this.code = code;
		this.hint = options.hint;
	}
}
