// SPDX-License-Identifier: MIT

export type Cover = {
	/** `path#words in it` of the tests, fuzzers and models that give this read wrong values. */
	readonly by: readonly string[];
	/** What no test here tries yet. */
	readonly lacks?: string;
};

const ring = 'test/kmod/ring.c';
const record = 'test/kmod/fuzz-record.c';
const tx = 'test/kmod/fuzz-tx.c';
const meta = 'test/kmod/fuzz-meta.c';
const liar = 'test/lab/tests/hostile.ts';
const attacks = 'test/lab/tests/_attacks-';
const blocks = `${attacks}block.ts`;
const offers = `${attacks}offer.ts`;
const pages = `${attacks}memory.ts`;
const channel = 'test/lab/tests/_channel.ts';
const faults = 'test/lab/tests/faults.ts';
const egress = 'test/lab/tests/egress.ts';
const order = 'test/lab/tests/order.ts';

const list = 'test/lab/tests/lies.ts';
const lies = `${list}#each lie is found out`;
const foreign = `${attacks}frame.ts#frame-source`;
const requests: Cover = {
	by: [
		'test/lab/tests/netlink.ts#answers every request',
		'test/unit/kernel/codec.ts#values out of range do not reach the wire',
	],
};
const checked: Cover = {by: ['test/kmod/fuzz-request.c', ...requests.by]};
const selecting: Cover = {
	by: ['test/kmod/selectors.c#requests that are refused', 'test/kmod/fuzz-selectors.c'],
};
const granting: Cover = {
	by: [`${offers}#ring-grants`, `${offers}#offer-grants`, `${faults}#a peer is destroyed`],
};

/** By `file:function` in kmod/. */
export const covers: Readonly<Record<string, Cover>> = {
	'blocks.c:block_is_referred_to': {
		by: [`${blocks}#block-mapped`],
		lacks: 'a peer that says it has taken what it has not',
	},
	'blocks.c:block_is_free': {by: [`${blocks}#block-mapped`]},
	'blocks.c:blocks_ask': {by: [`${blocks}#block-mapped`]},
	'foreign.c:coloop_foreign_is_due': {by: [`${blocks}#block-granted`]},
	'foreign.c:foreign_read_table': {by: [`${blocks}#block-table`, `${blocks}#block-grants`]},
	'foreign.c:coloop_foreign_map': {by: [`${blocks}#block-granted`]},
	'channel.c:channel_queued_in': {by: [`${list}#cons -1048592`]},
	'channel.c:coloop_channel_is_drained': {
		by: ['test/model/runs.sh#close does not wait for what is in the rings', lies],
	},
	'channel.c:coloop_channel_peer_mapped_ours': {
		by: [
			`${offers}#mapped-other`,
			'test/lab/tests/offers.ts#a peer that mapped an older offer',
			'test/model/runs.sh#the number of the offer is not looked at',
		],
	},
	'control.h:coloop_control_read': {by: ['test/kmod/fuzz-control.c', `${offers}#flip-control`]},
	'device.c:device_features_check': {by: [`${egress}#UDP segments`]},
	'discipline.c:discipline_option_is': {by: [`${egress}#fq with a rate`]},
	'divert.c:divert_is_ip': {by: [`${egress}#raw frames`]},
	'divert.c:coloop_divert_frame': {by: [`${channel}#tcpdump and ip see diverted packets`]},
	'device.c:device_rx_handler': {by: ['test/lab/tests/rules.ts#an ingress chain on coloop0']},
	'evtchn.c:coloop_evtchn_listen': {
		by: [`${channel}#coloop takes a channel down and up`],
		lacks: 'a guest without free event channels',
	},
	'evtchn.c:coloop_evtchn_connect': {by: [`${offers}#offer-ports`]},
	'evtchn.c:evtchn_is_open': {by: ['test/lab/tests/failures.ts#peers, offers, attaches, closes']},
	'evtchn.c:coloop_evtchn_close': {by: [`${faults}#a peer is destroyed`]},
	'grant.c:grant_entries_per_frame': {
		by: ['test/lab/tests/budget.ts#t.is(grantLimit, limit)'],
		lacks: 'a table of version 2',
	},
	'grant.c:grant_end': {by: [`${pages}#keep`, `${liar}#a broken channel holds nothing`]},
	'grant.c:grant_map_take_handles': granting,
	'grant.c:grant_map_refs': granting,
	'grant.c:coloop_map_put': {by: [`${faults}#a peer is destroyed`]},
	'netlink.c:nl_lock_peer': requests,
	'netlink.c:nl_lock_peer_epoch': requests,
	'netlink.c:coloop_nl_peer_del_doit': requests,
	'offload.h:coloop_record_head': {by: [meta]},
	'offload.h:coloop_record_offloads': {by: [meta]},
	'peer.c:peer_device_event': {
		by: [`${faults}#the module goes and comes back`, `${attacks}frame.ts#flood-unplug`],
	},
	'poll.c:coloop_poll_event': {by: [`${attacks}event.ts#event-storm`]},
	'receive.c:receive_is_length_ok': {by: [`${blocks}#block-oversize-`]},
	'receive.c:receive_offloads': {
		by: [
			meta,
			`${channel}#a datagram above the MTU crosses as one record`,
			`${attacks}record.ts#record-nonsense`,
		],
	},
	'receive.c:receive_frags': {by: [record, `${channel}#a TCP stream arrives intact`]},
	'receive.c:receive_copy': {by: [record, `${channel}#a TCP stream arrives intact`]},
	'receive.c:receive_link': {by: [foreign, `${attacks}race.ts#flip-payload`]},
	'receive.c:receive_check': {by: [foreign]},
	'receive.c:coloop_receive': {by: [foreign]},
	'poll.c:poll_side': {by: [`${attacks}index.ts#side-unknown`, 'test/model/hostile.pml']},
	'request.c:request_parse_link': checked,
	'request.c:coloop_request_peer': checked,
	'request.c:request_parse_channel': checked,
	'request.c:coloop_request_offer': checked,
	'request.c:coloop_request_attach': checked,
	'ring.c:coloop_tx_look': {by: [`${ring}#lying consumer`, tx, 'test/kmod/exhaustive.c']},
	'ring.c:coloop_tx_must_notify': {by: [`${ring}#data event`, tx]},
	'ring.c:ring_len_max': {
		by: [`${ring}#records that are longer than IP can say`, record, meta],
	},
	'ring.c:coloop_record_ok': {by: [`${ring}#malformed records`, record, meta]},
	'ring.c:ring_copy_record': {by: [record, `${attacks}race.ts#flip-headers`]},
	'ring.c:ring_rx_look': {by: [`${ring}#lying producer`, record, 'test/kmod/exhaustive.c']},
	'ring.c:ring_parts_ok': {by: [`${ring}#malformed records`, record, meta]},
	'ring.c:ring_take_parts': {
		by: [`${ring}#malformed parts`, `${ring}#frag pages grow`, record, `${blocks}#block-parts`],
	},
	'ring.h:coloop_record_body': {by: [`${ring}#records by reference`, record]},
	'ring.c:coloop_rx_next': {by: [`${ring}#record longer than what is there`, record]},
	'ring.c:coloop_rx_copy': {by: [`${ring}#a record copied in parts`, record]},
	'ring.c:coloop_rx_publish': {by: [`${ring}#room event`, record]},
	'ring.c:coloop_rx_is_empty': {by: [record, 'test/model/runs.sh#no C9']},
	'selectors.c:selectors_set_address': selecting,
	'selectors.c:selectors_set_ports': selecting,
	'selectors.c:selectors_parse_end': selecting,
	'selectors.c:selectors_parse': selecting,
	'selectors.c:selectors_parse_all': selecting,
	'marker.c:marker_is_answered': {by: [`${order}#numbered datagrams`]},
	'send.c:coloop_send_is_taken': {by: [`${order}#numbered datagrams`, lies]},
};
