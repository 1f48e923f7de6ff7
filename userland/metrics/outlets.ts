// SPDX-License-Identifier: MIT
import {isAbsolute} from 'node:path';
import {ColoopError} from '../errors.ts';
import {parseLocalPlace, type LocalPlace} from '../local-http.ts';

/** Where metrics are found: on a page, or in a file that node_exporter reads. */
export type Outlet = LocalPlace | {readonly kind: 'file'; readonly path: string};

/** What a person says after `--metrics`; a path that ends in `.prom`, as node_exporter wants it, is a file. */
export function parseOutlet(text: string): Outlet {
	if (!text.endsWith('.prom')) {
		return parseLocalPlace(text, '--metrics');
	}
	if (!isAbsolute(text)) {
		throw new ColoopError('USAGE', `--metrics: expected an absolute path, got ${text}`);
	}

	return {kind: 'file', path: text};
}
