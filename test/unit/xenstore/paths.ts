// SPDX-License-Identifier: MIT
import test from 'ava';
import {ownPaths, parseDomid, pathsOf, vifOwner} from '../../../userland/xenstore/paths.ts';

test('a guest finds its tree without its domid, dom0 by absolute paths', t => {
	t.is(ownPaths(false).peers, 'coloop/peers');
	t.is(ownPaths(false).domid, 'domid');
	t.is(ownPaths(true).offers, '/local/domain/0/data/coloop/offers');
	t.is(pathsOf(7).fromHost, '/local/domain/7/coloop');
});

test('only plain numbers below the reserved range are domids', t => {
	t.is(parseDomid('0'), 0);
	t.is(parseDomid('32751'), 32751);
	for (const text of ['', '-1', '01', '1 ', '0x1', '32752', '99999', '1e1', 'DOMID_SELF']) {
		t.is(parseDomid(text), undefined, text);
	}
});

test("a vif's path names its owner", t => {
	t.is(vifOwner('/local/domain/0/backend/vif/7/0/state'), 7);
	t.is(vifOwner('/local/domain/0/backend/vif/7'), 7);
	t.is(vifOwner('/local/domain/0/backend/vif'), undefined);
	t.is(vifOwner('/local/domain/0/backend/vbd/7/0'), undefined);
});
