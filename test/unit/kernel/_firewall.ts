// SPDX-License-Identifier: MIT
//
// Run in a network namespace of its own.
import {execFileSync} from 'node:child_process';
import {watchFirewall} from '../../../userland/kernel/links.ts';

const controller = new AbortController();
const hints = watchFirewall(controller.signal)[Symbol.asyncIterator]();

console.log(`first hint: ${(await hints.next()).value}`);
// By its path: node_modules/.bin, first in PATH under npm, has an nft of another trade.
execFileSync('/usr/sbin/nft', ['add', 'table', 'inet', 'coloop_test']);
console.log(`after a new table: ${(await hints.next()).value}`);
controller.abort();
