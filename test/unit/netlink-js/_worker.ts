// SPDX-License-Identifier: MIT
//
// A thread that ends with both kinds of descriptor open.
import {workerData} from 'node:worker_threads';
import {openDevice, openSocket} from '../../../userland/netlink-js/index.ts';

const nothing = {onData() {}, onError() {}};

openSocket(0, nothing);
openDevice(String(workerData), nothing);
setImmediate(() => process.exit(0));
