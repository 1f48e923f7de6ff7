#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# mutants.sh BUILD: breaks a file of the module in one place, builds the tests with it, and expects one
# of them to fail.  A break that nobody notices is a hole in the tests.

set -u
mkdir -p "$1"
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
kmod=$here/../../kmod
passed=0
failed=0

# build_with SANITIZER TEST: into $build/TEST, from the broken copies
build_with() {
	case $2 in
	peerlookup) set -- "$@" "$here/expect.c" -DPEERLOOKUP_C="\"$build/peerlookup.c\"" ;;
	selectors) set -- "$@" "$here/expect.c" "$here/kernel/netlink.c" "$here/kernel/handlers.c" \
		"$build/selectors.c" "$build/flow.c" "$build/netlink-gen.c" ;;
	fuzz-request) set -- "$@" "$here/kernel/netlink.c" "$build/request.c" "$build/netlink-gen.c" ;;
	fuzz-record | fuzz-tx) set -- "$@" "$here/pair.c" -DRING_C="\"$build/ring.c\"" ;;
	fuzz-*) set -- "$@" -DRING_C="\"$build/ring.c\"" ;;
	tso) set -- "$@" "$here/pair.c" "$here/expect.c" -DRING_C="\"$build/ring.c\"" ;;
	*) set -- "$@" "$here/pair.c" "$here/expect.c" "$build/ring.c" ;;
	esac
	sanitizer=$1 program=$2
	shift 2
	clang -std=gnu2x -O2 -g -w -fsanitize="$sanitizer" -fno-sanitize-recover=all -I"$build" \
		-I"$here" -I"$here/kernel" -o "$build/$program" "$here/$program.c" "$@" -pthread
}

copy() {
	cp "$kmod/ring.c" "$kmod/peerlookup.c" "$kmod/request.c" "$kmod/netlink-gen.c" "$kmod/flow.c" \
		"$kmod/selectors.c" "$kmod"/*.h "$build"
	mkdir -p "$build/uapi" && cp "$kmod/uapi/coloop.h" "$build/uapi"
}

# passes TEST: with what stands in $build; in a minute, or it hangs
passes() {
	case $1 in
	threads) sanitizer=thread runs=1000000 ;;
	tso) sanitizer=undefined runs= ;;
	# Attributes are not found by chance: the inputs that are kept must find every break.
	fuzz-request) sanitizer=fuzzer,address,undefined runs="-runs=0 -artifact_prefix=$build/ $here/corpus/request" ;;
	fuzz-*) sanitizer=fuzzer,address,undefined runs="-runs=300000 -seed=1 -artifact_prefix=$build/" ;;
	*) sanitizer=address,undefined runs= ;;
	esac
	build_with $sanitizer "$1" || exit 2
	timeout 60 "$build/$1" $runs >"$build/log" 2>&1
}

# mutant TESTS FILE NAME SED: one break and who must find it
mutant() {
	copy
	sed -i "$4" "$build/$2"
	if cmp -s "$kmod/$2" "$build/$2"; then
		echo "FAIL $3: the code to break is not there"
		failed=$((failed + 1))
		return
	fi
	for test in $1; do
		if ! passes $test; then
			echo "ok   $3: found by $test"
			passed=$((passed + 1))
			return
		fi
	done
	echo "FAIL $3: not found by $1"
	failed=$((failed + 1))
}

all='ring window random exhaustive'

# Who fails without a break, or takes too long here, would find every one.
copy
for test in $all threads tso peerlookup selectors fuzz-record fuzz-tx fuzz-control fuzz-meta fuzz-request; do
	passes $test || {
		tail -n 20 "$build/log"
		echo "FAIL $test: fails with nothing broken, or is not done within a minute"
		exit 1
	}
done

mutant "$all" ring.h 'threshold counts as crossed at the old index' 's/mark - old - 1 </mark - old <=/'
mutant "$all" ring.h 'threshold compared without wrap' 's/return mark - old - 1 < new - old;/return mark > old \&\& mark <= new;/'
mutant "$all" ring.h 'header not counted' 's/return sizeof(struct coloop_record) +/return 0 +/'
mutant "$all" ring.c 'P2 missing' 's/cons - tx->cons > tx->prod - tx->cons/0/'
mutant "$all" ring.c 'P2 lets cons go back' 's/cons - tx->cons > tx->prod - tx->cons/tx->prod - cons > tx->size/'
mutant "$all" ring.c 'C2 missing' 's/prod - rx->cons > rx->size/0/'
mutant "$all" ring.c 'C2 off by one' 's/prod - rx->cons > rx->size/prod - rx->cons >= rx->size/'
mutant "$all" ring.c 'C2 ignores alignment' 's/prod % COLOOP_RECORD_ALIGN)/0)/'
mutant "$all" ring.c 'room without the header' 's/coloop_record_size(body) <= tx/body <= tx/'
mutant "$all" ring.c 'ring never quite full' 's/coloop_record_size(body) <= tx/coloop_record_size(body) < tx/'
mutant "$all" ring.c 'lengths not bounded' 's/ || r->len > ring_len_max(r)//'
mutant "$all" ring.c 'anything may be longer than IP can say' 's/(type == COLOOP_GSO_TCPV4 || type == COLOOP_GSO_TCPV6) &&/true \&\&/'
mutant "$all" ring.c 'longer than IP can say, with a checksum' 's/r->flags & COLOOP_NEEDS_CSUM && r->gso_size >=/r->gso_size >=/'
mutant "$all" ring.c 'longer than IP can say, in any number of segments' 's/ && r->gso_size >= COLOOP_LARGE_SEGMENT_MIN//'
mutant "$all" ring.c 'record may pass prod' 's/coloop_record_size(coloop_record_body(r)) > used/0/'
mutant "$all" ring.c 'parts not counted' 's/r->parts <= COLOOP_PARTS_MAX/true/'
mutant "$all" ring.c 'parts without headers' 's/r->hdr_len >= COLOOP_FRAME_MIN/true/'
mutant "$all" ring.c 'headers before parts not bounded' 's/r->hdr_len <= COLOOP_PARTS_HEAD_MAX/true/'
mutant "$all" ring.c 'nothing left for the parts' 's/r->hdr_len < r->len/true/'
mutant "$all" ring.c 'empty parts' 's/!part.len || part.len > left/part.len > left/'
mutant "$all" ring.c 'part longer than what is granted' 's/part.len > size ||//'
mutant "$all" ring.c 'part beyond what is granted' 's/part.at > size - part.len/part.at > size/'
mutant "$all" ring.c 'parts that lack something' 's/return !left;/return true;/'
mutant "$all" ring.c 'parts begin within the header' 's/u32 at = rx->cons + sizeof(struct coloop_record);/u32 at = rx->cons;/'
mutant "$all" ring.c 'pieces of parts across a page' 's/COLOOP_PAGE_SIZE - at %/COLOOP_PAGE_SIZE + 16 - at %/'
mutant "$all" ring.c 'a part copied from its beginning again' '/part->at += now;/d'
mutant "$all" ring.h 'parts not in the ring' 's/return record->parts \* sizeof(struct coloop_part) + record->hdr_len;/return record->hdr_len;/'
mutant "$all" ring.c 'checksum fields added in 16 bits' 's/(u32)r->csum_start + r->csum_offset + 2/(u16)(r->csum_start + r->csum_offset + 2)/'
mutant "$all" ring.c 'checksum may end past the frame' 's/csum_offset + 2 <=/csum_offset <=/'
mutant "$all" ring.c 'type without size' 's/ || !r->gso_type != !r->gso_size//'
mutant "$all" ring.c 'page arithmetic off' 's/COLOOP_PAGE_SIZE - index %/COLOOP_PAGE_SIZE + 16 - index %/'
mutant "$all" ring.c 'told not moved' '/tx->notified = tx->prod;/d'
mutant "$all" ring.c 'C7 waits for what it has' 's/rx->cons + 1)/rx->cons)/'
mutant "$all" ring.c 'C9 missing' 's/return virt_load_acquire(&rx->peer->prod) == rx->cons/return true/'
mutant "$all" window.h 'given back early' 's/>= 0)/>= -1)/'
mutant "$all" window.h 'newest run keeps its end' '/mark\[last\].end = end;/{x;s/^/x/;/^x$/{x;d};x}'

mutant threads ring.c 'P1 orders nothing' '/P1/s/virt_load_acquire(\(.*\));/READ_ONCE(*\1);/'
mutant threads ring.c 'C1 orders nothing' '/C1/s/virt_load_acquire(\(.*\));/READ_ONCE(*\1);/'
mutant threads ring.c 'P4 orders nothing' '/P4/s/virt_store_release(&\(.*\), \(.*\));/WRITE_ONCE(\1, \2);/'
mutant threads ring.c 'C4 orders nothing' '/C4/s/virt_store_release(&\(.*\), \(.*\));/WRITE_ONCE(\1, \2);/'
for step in P5 P8 C5 C8; do
	mutant tso ring.c "no barrier at $step" "/\/\* $step /s/virt_mb()/(void)0/"
done
mutant tso ring.c 'asks for room too early' 's/own->cons_event, mark)/own->cons_event, mark - tx->size)/'
mutant "$all" ring.c 'C7 waits for more than a record' 's/rx->cons + 1)/rx->cons + 64)/'

mutant fuzz-record ring.c 'record read again' 's/^\treturn 1;/\tring_copy_record(record, rx_at(rx, rx->cons));\n&/'
mutant fuzz-record ring.c 'prod read again' 's/rx->prod = prod;/rx->prod = READ_ONCE(rx->peer->prod);/'
mutant fuzz-record ring.c 'record may pass prod, to the fuzzer' 's/coloop_record_size(coloop_record_body(r)) > used/0/'
mutant fuzz-record ring.c 'parts read again' 's/^\t\trx->part\[i\] = part;/\t\trx->part[i] = ring_copy_part(rx_at(rx, at));/'
mutant fuzz-record ring.c 'part beyond what is granted, to the fuzzer' 's/part.at > size - part.len/part.at > size/'
mutant fuzz-meta offload.h 'head of parts as of any' '/if (record->parts)/,+1d'
mutant fuzz-tx ring.c 'cons read again' 's/tx->cons = cons;/tx->cons = READ_ONCE(tx->peer->cons);/'
mutant fuzz-tx ring.c 'P2 missing, to the fuzzer' 's/cons - tx->cons > tx->prod - tx->cons/0/'
mutant fuzz-tx ring.c 'room without the header, to the fuzzer' 's/coloop_record_size(body) <= tx/body <= tx/'

mutant fuzz-control control.h 'magic not looked at' 's/READ_ONCE(peer->magic) != COLOOP_MAGIC/0/'
mutant fuzz-control control.h 'newer versions taken' 's/ || copy->version > COLOOP_PROTOCOL_MAX//'
mutant fuzz-control control.h 'order not bounded' 's/ || copy->order > COLOOP_ORDER_MAX//'
mutant fuzz-control control.h 'order read again' 's/i < 1u << copy->order/i < 1u << READ_ONCE(peer->order)/'
mutant fuzz-control control.h 'queues not bounded' 's/copy->queues > COLOOP_QUEUES_MAX/0/'
mutant fuzz-control control.h 'queues read again' 's/i + 1 < copy->queues/i + 1 < READ_ONCE(peer->queues)/'
mutant fuzz-control control.h 'offer read again' 's/return COLOOP_CONTROL_OK;/copy->offer = READ_ONCE(peer->offer);&/'
mutant fuzz-control control.h 'epoch not looked at' 's/READ_ONCE(peer->epoch) != epoch/0/'
mutant fuzz-meta offload.h 'head not bounded from below' 's/hdr_len, ETH_HLEN/hdr_len, 0/'
mutant fuzz-meta offload.h 'head not bounded from above' 's/ETH_HLEN, COLOOP_HEAD_BYTES/ETH_HLEN, 2 * COLOOP_HEAD_BYTES/'
mutant fuzz-meta offload.h 'checksum offset lost' 's/(true, record->csum_offset)/(true, 0)/'
mutant fuzz-meta offload.h 'congestion bit lost' 's/= record->gso_type/= record->gso_type \& ~COLOOP_GSO_ECN/'
mutant fuzz-meta offload.h 'all flags handed on' 's/record->flags & COLOOP_NEEDS_CSUM ? .* : 0/record->flags/'

mutant fuzz-request request.c 'domain not asked for' 's/!coloop_request_has(info, COLOOP_A_PEER_DOMID, "domid") ||/false ||/'
mutant fuzz-request request.c 'epoch not asked for' 's/!coloop_request_has(info, COLOOP_A_PEER_EPOCH, "epoch")/false/'
mutant fuzz-request request.c 'name not asked for' 's/!coloop_request_has(info, COLOOP_A_PEER_NAME, "name") ||/false ||/'
mutant fuzz-request request.c 'channel not asked for' 's/!coloop_request_has(info, COLOOP_A_PEER_CHANNEL, "channel")/false/'
mutant fuzz-request request.c 'links not counted' 's/i == COLOOP_LINKS_MAX/false/'
mutant fuzz-request request.c 'link without a device' 's/!tb\[COLOOP_A_LINK_IFINDEX\] ||/false ||/'
mutant fuzz-request request.c 'own address may be anything' 's/!is_valid_ether_addr(config->link\[i\].local) ||/false ||/'
mutant fuzz-request request.c 'addresses changed round' 's/\(config->link\[i\].remote, tb\[COLOOP_A_LINK_\)REMOTE/\1LOCAL/'
mutant fuzz-request request.c 'last link forgotten' 's/config->links++/config->links += !config->links/'
mutant fuzz-request request.c 'order not bounded from below' 's/offer->order < COLOOP_ORDER_MIN/false/'
mutant fuzz-request request.c 'attach without a grant' 's/!tb\[COLOOP_A_CHANNEL_CONTROL_REF\]/false/'
mutant fuzz-request netlink-gen.c 'domain not bounded' '/_A_PEER_DOMID\]/s/NLA_POLICY_MAX(NLA_U32, 32751)/{ .type = NLA_U32, }/'
mutant fuzz-request netlink-gen.c 'busy polling not bounded' '/_BUSY_POLL\]/s/NLA_POLICY_MAX(NLA_U32, COLOOP_BUSY_POLL_MAX)/{ .type = NLA_U32, }/'
mutant fuzz-request netlink-gen.c 'epoch of any type' '/_A_PEER_EPOCH\]/s/NLA_POLICY_MIN(NLA_U32, 1)/{ .type = NLA_FLAG, }/'
mutant fuzz-request netlink-gen.c 'names not bounded' '/_A_PEER_NAME\]/s/COLOOP_NAME_MAX/9999/'
mutant fuzz-request netlink-gen.c 'addresses of any length' '/_MAC\]/s/NLA_POLICY_EXACT_LEN(COLOOP_MAC_LEN)/NLA_POLICY_EXACT_LEN(4)/'
mutant fuzz-request netlink-gen.c 'orders not bounded' '/_A_CHANNEL_ORDER\]/s/COLOOP_ORDER_MAX/99/'
mutant fuzz-request netlink-gen.c 'no queue at all' '/_A_CHANNEL_QUEUES\]/s/NLA_U32, 1,/NLA_U32, 0,/'

mutant peerlookup peerlookup.c 'one pair, two links' 's/if (coloop_link_find(link->local, link->remote))/if (0)/'
mutant peerlookup peerlookup.c 'our address not compared' 's/ether_addr_equal_unaligned(link->local, local)/true/'
mutant peerlookup peerlookup.c "the peer's address not compared" 's/ether_addr_equal_unaligned(link->remote, remote)/true/'
mutant peerlookup peerlookup.c 'links stay in the table' '/hash_del_rcu/d'

mutant selectors flow.c 'a first fragment has its ports' 's/!ip_is_fragment(ip) \&\&/!(ip->frag_off \& htons(IP_OFFSET)) \&\&/'
mutant selectors flow.c 'further fragments have ports' 's/!ip_is_fragment(ip) \&\&/true \&\&/'
mutant selectors flow.c 'a fragment is told by what only the first has' 's/if (ipv6_ext_hdr(next))/if (0)/'
mutant selectors flow.c 'fragments of IPv6 read on' 's/next == NEXTHDR_FRAGMENT \&\& flow_is_fragment(header)/0/'
mutant selectors flow.c 'what is encrypted counts as known' 's/flow->is_hidden = proto == .*/flow->is_hidden = false;/'
mutant selectors flow.c 'a chain without an end counts as known' '/^\tflow->is_hidden = true;/d'
mutant selectors selectors.c 'what cannot be told passes an exception' 's/EXCEPT && match != SELECTORS_NO/EXCEPT \&\& match == SELECTORS_YES/'
mutant selectors selectors.c 'what cannot be told matches' 's/if (match == SELECTORS_YES)/if (match != SELECTORS_NO)/'
mutant selectors selectors.c 'one list is enough' 's/return matched == selectors->needed/return !selectors->needed || matched/'
mutant selectors selectors.c 'ends match each by itself' 's/selector->end\[!turned\]/selector->end[1]/'
mutant selectors selectors.c 'masks one bit short' 's/U32_MAX >> bits/U32_MAX >> bits << 1/'
mutant selectors selectors.c 'prefixes one bit short' 's/most = is == 4 ? 32 : 128/most = is == 4 ? 31 : 128/'
mutant selectors selectors.c 'versions mixed' 's/(\*version && \*version != is)/0/'
mutant selectors selectors.c 'selectors not counted' 's/count > COLOOP_SELECTORS_MAX/0/'

echo "$passed passed, $failed failed"
[ $failed = 0 ]
