// SPDX-License-Identifier: MIT
import {sendDatagram} from '../netlink-js/index.ts';

/** Who started us and wants to hear of us: systemd, by sd_notify(3). Nobody hears where nobody asked. */
export type Manager = {
	/** We serve; also at the end of a reload. */
	ready(): void;
	/** How we do, in a sentence that `systemctl status` shows. */
	status(sentence: string): void;
	reloading(): void;
	stopping(): void;
	alive(): void;
	/** How often it wants to hear that we live, in ms; undefined: it does not. */
	readonly watchdogMs: number | undefined;
};

type Environment = Readonly<Record<string, string | undefined>>;

/** `warn` hears, once, that the manager cannot be reached. */
export function serviceManager(
	environment: Environment,
	warn: (error: unknown) => void,
	{pid = process.pid, send = sendDatagram} = {},
): Manager {
	const path = environment['NOTIFY_SOCKET'];
	let isReachable = path !== undefined && path !== '';
	const tell = (...lines: readonly string[]) => {
		if (!isReachable) {
			return;
		}
		try {
			send(path ?? '', Buffer.from(`${lines.join('\n')}\n`));
		} catch (error) {
			isReachable = false;
			warn(error);
		}
	};

	return {
		ready: () => tell('READY=1'),
		status: sentence => tell(`STATUS=${sentence.replaceAll('\n', ' ')}`),
		reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
		stopping: () => tell('STOPPING=1'),
		alive: () => tell('WATCHDOG=1'),
		watchdogMs: watchdogMs(environment, pid),
	};
}

/** WATCHDOG_PID says whom it is for: the variables are inherited. */
function watchdogMs(environment: Environment, pid: number): number | undefined {
	const usec = Number(environment['WATCHDOG_USEC'] ?? Number.NaN);
	const forPid = environment['WATCHDOG_PID'];
	const isOurs = forPid === undefined || forPid === String(pid);

	return isOurs && Number.isSafeInteger(usec) && usec > 0 ? usec / 1000 : undefined;
}
