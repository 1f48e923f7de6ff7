// SPDX-License-Identifier: MIT

/** What brought a channel to its end, `reason` of kmod/spec/coloop.yaml, for people. */
const texts: Readonly<Record<string, string>> = {
	asked: 'taken down here',
	'peer-closed': 'the peer has ended it',
	'peer-removed': 'dom0 or our policy no longer allows it',
	epoch: 'dom0 began a new life of the pair',
	'bad-index': "the peer's index claims more than its ring holds",
	'bad-record': 'a record of the peer is not well formed',
	'bad-state': 'the peer took a step that the protocol does not have',
	'bad-frame': 'the peer keeps sending frames that are not from it to us, or no IP',
	stalled: 'the peer took none of the data that waited for it: it is paused, or hangs',
	suspend: 'this domain is being saved or migrated',
	unload: 'the module is being unloaded',
	timeout: 'the peer did not answer our offer in time: does its coloopd run?',
	device: 'an interface of the channel went away',
	blocked: 'an interface may not receive from a channel',
};

/** The word and its sentence. What is no word of the module's is a sentence of ours already. */
export function reasonText(reason: string | null): {code: string | null; reason: string | null} {
	const text = reason === null ? undefined : texts[reason];

	return text === undefined ? {code: null, reason} : {code: reason, reason: text};
}
