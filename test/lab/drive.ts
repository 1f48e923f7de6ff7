// SPDX-License-Identifier: MIT
import type {Request} from './inside/drive-requests.ts';
import type {
	ModuleInfo,
	Offer,
	OfferOptions,
	Peer,
	PeerConfig,
} from '../../userland/kernel/kernel.ts';
import type {Background, Guest} from './guest.ts';
import type {Lab} from './lab.ts';

/** A channel as JSON has it: counters are plain numbers. */
export type Channel = {
	readonly [Key in keyof NonNullable<Peer['channel']>]: NonNullable<
		Peer['channel']
	>[Key] extends bigint
		? number
		: NonNullable<Peer['channel']>[Key];
};

/** How a machine knows another as a peer; it need not be there. */
export type Other = {readonly domid: number; readonly name: string; readonly mac: string};

/** Nobody has this number; Xen lets one grant pages to it all the same. */
export function nobody(domid: number): Other {
	const [high = '', low = ''] = domid.toString(16).padStart(4, '0').match(/../g) ?? [];

	return {domid, name: `nobody-${domid}`, mac: `00:16:3e:ff:${high}:${low}`};
}

/** The module of one machine by its control interface, without a daemon (inside/drive.ts). */
export class Drive {
	readonly machine: Guest;
	readonly domid: number;
	readonly #program: Background;
	#waiting: ((line: string) => void)[] = [];
	#rest = '';
	#served: Promise<null> | undefined;

	private constructor(machine: Guest, domid: number) {
		this.machine = machine;
		this.domid = domid;
		this.#program = machine.spawn('exec node /opt/coloop/drive.mjs', {
			open: true,
			silent: true,
			stdout: chunk => this.#hear(chunk.toString()),
		});
		void this.#program.done.then(
			({stderr}) => this.#end(stderr),
			(error: unknown) => this.#end(String(error)),
		);
	}

	static async start({dom0}: Lab, machine: Guest): Promise<Drive> {
		const {stdout} = await dom0.run(`xl domid ${machine.name}`, {silent: true});

		return new Drive(machine, Number(stdout));
	}

	get name(): string {
		return this.machine.name;
	}

	/** As the lab numbers its guests (guest-config.ts). */
	get mac(): string {
		return `00:16:3e:00:00:0${'abcd'.indexOf(this.name) + 1}`;
	}

	peer(other: Other, epoch: number): Promise<null> {
		return this.#ask({op: 'peer', config: this.#configOf(other, epoch)});
	}

	#configOf(other: Other, epoch: number): PeerConfig {
		// eth0 is the first device after lo in every guest.
		const link = {ifindex: 2, localMac: this.mac, remoteMac: other.mac};

		return {domid: other.domid, epoch, name: other.name, links: [link], fragPages: 1024};
	}

	forget(other: Other): Promise<null> {
		return this.#ask({op: 'forget', domid: other.domid});
	}

	offer(other: Other, epoch: number, options: OfferOptions): Promise<Offer> {
		return this.#ask({op: 'offer', domid: other.domid, epoch, options});
	}

	attach(other: Drive, epoch: number, offer: Offer): Promise<null> {
		return this.#ask({op: 'attach', domid: other.domid, epoch, offer});
	}

	attachOften(
		other: Drive,
		epoch: number,
		offer: Offer,
		times: number,
	): Promise<Record<string, number>> {
		const order = 5;

		return this.#ask({op: 'attach-often', domid: other.domid, epoch, offer, order, times});
	}

	close(other: Other): Promise<null> {
		return this.#ask({op: 'close', domid: other.domid});
	}

	channel(other: Other): Promise<Channel> {
		return this.#ask({op: 'state', domid: other.domid});
	}

	/** The channel to `other`, once it is in one of these states. */
	reaches(other: Drive, ...states: readonly Channel['state'][]): Promise<Channel> {
		return this.#ask({op: 'reaches', domid: other.domid, states, ms: 60_000});
	}

	info(): Promise<ModuleInfo> {
		return this.#ask({op: 'info'});
	}

	/** Makes and ends so many channels; how many packets took them. */
	async cycle(other: Drive, count: number, epoch: number): Promise<{packets: number}> {
		const port = 7300;
		other.#served ??= other.#ask({op: 'serve', port});
		await other.#served;
		const [peer, us] = [this.#configOf(other, epoch), other.#configOf(this, epoch)];
		const ends = {host: other.machine.name, port, peer, us, order: 5};

		return this.#ask({op: 'cycle', count, ends});
	}

	/** Has evil.ko do something; what it says of it. */
	evil(command: string): Promise<string> {
		return this.#ask({op: 'evil', command});
	}

	async stop(): Promise<void> {
		await this.#program.stop();
	}

	async #ask<T>(request: Request): Promise<T> {
		const line = await new Promise<string>(resolve => {
			this.#waiting.push(resolve);
			this.#program.write(`${JSON.stringify(request)}\n`);
		});

		return parseAnswer<T>(line, `${this.name}: ${JSON.stringify(request)}`);
	}

	#hear(text: string): void {
		const lines = (this.#rest + text).split('\n');
		this.#rest = lines.pop() ?? '';
		for (const line of lines) {
			this.#waiting.shift()?.(line);
		}
	}

	#end(why: string): void {
		const answer = JSON.stringify({ok: false, message: `drive.mjs ended: ${why}`});
		for (const each of this.#waiting.splice(0)) {
			each(answer);
		}
	}
}

function parseAnswer<T>(line: string, asked: string): T {
	const answer = JSON.parse(line) as {ok: true; value: T} | {ok: false; message: string};
	if (answer.ok) {
		return answer.value;
	}
	throw new Error(`${asked}: ${answer.message}`);
}
