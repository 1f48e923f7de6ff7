// SPDX-License-Identifier: MIT
import type {Offer, OfferOptions, PeerConfig} from '../../../userland/kernel/kernel.ts';

/** Two machines that shall have a channel: how we and the peer know each other. */
export type Ends = {
	readonly host: string;
	readonly port: number;
	readonly peer: PeerConfig;
	readonly us: PeerConfig;
	readonly order: number;
};

/** What drive.mjs can be asked; userland/kernel/kernel.ts says what each does. */
export type Request =
	/** Makes the peer, or gives it a new life. */
	| {readonly op: 'peer'; readonly config: PeerConfig}
	| {readonly op: 'forget'; readonly domid: number}
	| {
			readonly op: 'offer';
			readonly domid: number;
			readonly epoch: number;
			readonly options: OfferOptions;
	  }
	| {
			readonly op: 'attach';
			readonly domid: number;
			readonly epoch: number;
			readonly offer: Offer;
	  }
	/** Attaches so many times to what changes all the time; counts what each try came to. */
	| {
			readonly op: 'attach-often';
			readonly domid: number;
			readonly epoch: number;
			readonly offer: Offer;
			readonly order: number;
			readonly times: number;
	  }
	| {readonly op: 'close'; readonly domid: number}
	| {readonly op: 'state'; readonly domid: number}
	/** The channel, once it is in one of these states. */
	| {
			readonly op: 'reaches';
			readonly domid: number;
			readonly states: readonly string[];
			readonly ms: number;
	  }
	| {readonly op: 'info'}
	/** Also takes requests on a TCP port. */
	| {readonly op: 'serve'; readonly port: number}
	/** Makes and ends so many channels with a peer whose drive serves there. */
	| {readonly op: 'cycle'; readonly count: number; readonly ends: Ends}
	/** A command for evil.ko; what it says of it. */
	| {readonly op: 'evil'; readonly command: string};
