// SPDX-License-Identifier: MIT
import {maxFileBytes} from '../policy/parse.ts';

/** Of what stands under a prefix. A put of all documents is one transaction: etcd takes 128 operations in one. */
export const documentsMost = 120;
export const documentBytesMost = maxFileBytes;
export const allBytesMost = 4 * 1024 * 1024;

/** A key in JSON, with its revisions. */
const keyBytesMost = 1024;
/** Of an answer that holds no document. */
export const answerBytesMost = 64 * 1024 + documentsMost * keyBytesMost;
/** Base64, and what stands around it. */
export const valueBytesMost = Math.ceil((documentBytesMost * 4) / 3) + 4096;
