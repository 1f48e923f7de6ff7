// SPDX-License-Identifier: MIT
import type {Drive} from './drive.ts';

export type LinkOptions = {
	/** Which end allocates the event channel. */
	readonly listener?: 'left' | 'right';
	readonly order?: number;
	readonly queues?: number;
};

/** A channel between two driven machines, made anew as often as one likes. */
export class Link {
	static #epochs = 1000;
	readonly left: Drive;
	readonly right: Drive;
	readonly #options: LinkOptions;
	epoch = 0;

	constructor(left: Drive, right: Drive, options: LinkOptions = {}) {
		this.left = left;
		this.right = right;
		this.#options = options;
	}

	/** Both ends know each other in a new epoch; whatever was before is closed. */
	async begin(): Promise<void> {
		this.epoch = ++Link.#epochs;
		await Promise.all([
			this.left.peer(this.right, this.epoch),
			this.right.peer(this.left, this.epoch),
		]);
	}

	async offerBoth() {
		const {listener = 'left', order, queues} = this.#options;
		const rings = {...(order && {order}), ...(queues && {queues})};
		const [left, right] = await Promise.all([
			this.left.offer(this.right, this.epoch, {...rings, listen: listener === 'left'}),
			this.right.offer(this.left, this.epoch, {...rings, listen: listener === 'right'}),
		]);

		return {left, right};
	}

	/** A new channel, live at both ends. */
	async connect(): Promise<void> {
		await this.begin();
		const {left, right} = await this.offerBoth();
		await Promise.all([
			this.left.attach(this.right, this.epoch, right),
			this.right.attach(this.left, this.epoch, left),
		]);
		await Promise.all([
			this.left.reaches(this.right, 'live'),
			this.right.reaches(this.left, 'live'),
		]);
	}

	async close(): Promise<void> {
		await Promise.all([this.left.close(this.right), this.right.close(this.left)]);
	}

	async forget(): Promise<void> {
		await Promise.all([this.left.forget(this.right), this.right.forget(this.left)]);
	}
}
