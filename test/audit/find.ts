// SPDX-License-Identifier: MIT

/** A place in C source that reads what somebody outside has said. */
export type Place = {
	/** `file:function` */
	readonly key: string;
	readonly line: number;
	readonly kind: Kind;
	readonly text: string;
};

/** `naked`: without an accessor the compiler may read twice, and what was checked is not what is used. */
export type Kind = keyof typeof patterns | 'naked';

const control = 'magic|version|order|features|epoch|queues|further|prod|want|cons|wait|side|ref';
/* A control page is reached as `peer`, `tx->peer` and the like; `peer` may be a domain, too. */
const page = `&?(?:\\w+->|\\w+\\.)*peer->(?:${control})\\b`;
const accessor = '\\b(?:READ_ONCE|virt_load_acquire)';
const offloads = 'len|hdr_len|flags|gso_type|gso_size|csum_start|csum_offset|zero';

const patterns = {
	page: new RegExp(`${accessor}\\(${page}`),
	ring: /\b(?:rx_at|copy_record|coloop_rx_copy)\((?:rx|&queue->rx|record),|READ_ONCE\(\(\(const u64/,
	record: new RegExp(`\\b(?:record|r)->(?:${offloads})\\b`),
	frame: /\(const struct ethhdr \*\)skb->data|\beth_hdr\(|\beth_type_trans\(/,
	netlink: /\bnla_(?:get_\w+|data|memcpy|parse\w*)\(|\btb\[COLOOP_A_CHANNEL_LISTEN\]/,
	xen: /\bHYPERVISOR_\w+\(|\bgnttab_(?:map_refs|unmap_refs_sync|try_end_foreign_access)\(|\.status\b/,
	event: /^irqreturn_t \w+\(/,
	device: /\bnetdev_notifier_info_to_dev\(/,
} as const;

/** All places in one file, in order; a line that reads in two ways is two places. */
export function findPlaces(file: string, source: string): Place[] {
	const lines = withoutComments(source).split('\n');
	const owners = functionsOf(lines);
	return lines.flatMap((text, index) => {
		const owner = owners[index];
		if (owner === undefined) return [];
		const pages = lines.some(
			(line, at) => owners[at] === owner && /const struct coloop_control \*peer/.test(line),
		);
		const place = {key: `${file}:${owner}`, line: index + 1, text: text.trim()};
		return kindsOf(text, pages).map(kind => ({...place, kind}));
	});
}

function kindsOf(text: string, pages: boolean): Kind[] {
	const bare = text.replaceAll(new RegExp(`${accessor}\\(${page}`, 'g'), '');
	const isNaked = pages
		? new RegExp(`\\bpeer->(?:${control})\\b`).test(bare)
		: new RegExp(`\\b[tr]x(?:->|\\.)peer->(?:${control})\\b`).test(bare);
	return [
		...kinds.filter(kind => patterns[kind].test(text)),
		...(isNaked ? ['naked' as const] : []),
	];
}

const kinds = Object.keys(patterns).filter(
	(kind): kind is keyof typeof patterns => kind in patterns,
);

/** Keeps the lines where they are. */
function withoutComments(source: string): string {
	return source.replace(/\/\*[^]*?\*\/|\/\/.*/g, comment => comment.replace(/[^\n]/g, ' '));
}

/** For each line the function that it is part of: from its first line to the brace in column 0. */
function functionsOf(lines: readonly string[]): (string | undefined)[] {
	const owners: (string | undefined)[] = lines.map(() => undefined);
	lines.forEach((line, open) => {
		if (line !== '{') return;
		const start = signatureStart(lines, open);
		const signature = lines.slice(start, open).join(' ');
		const name = /(\w+)\(/.exec(signature)?.[1];
		const close = lines.indexOf('}', open);
		if (name !== undefined) owners.fill(name, start, close + 1);
	});
	return owners;
}

function signatureStart(lines: readonly string[], open: number): number {
	let start = open;
	while (
		start > 0 &&
		/\S/.test(lines[start - 1] ?? '') &&
		!/[;}]\s*$/.test(lines[start - 1] ?? '')
	)
		start -= 1;
	return start;
}
