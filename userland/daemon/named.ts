// SPDX-License-Identifier: MIT
import type {Named} from '../control/resolve.ts';
import type {DesiredPeer} from './endpoint/desired.ts';

/** By the whole name, of which the kernel may have a part. */
export function named({
	name,
	config,
	uuid,
	tags,
}: DesiredPeer): Named & Pick<DesiredPeer, 'uuid' | 'tags'> {
	return {name, domid: config.domid, ...(uuid !== undefined && {uuid}), ...(tags && {tags})};
}
