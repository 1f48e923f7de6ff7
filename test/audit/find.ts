// SPDX-License-Identifier: MIT

/** A place in C source that reads what somebody outside has said. */
export type Place = {
	/** `file:function` */
	readonly key: string;
	readonly line: number;
	readonly kind: Kind;
	readonly text: string;
};

/**
 * `naked`: without an accessor the compiler may read twice, and what was checked is not what is used.
 * `twice`: the same word a second time, when it may say something else.
 */
export type Kind = keyof typeof patterns | 'naked' | 'twice';

/** What wire.h has in a control page and in a record, but for the bytes that are not read. */
const fields = {
	coloop_control: [
		...['magic', 'version', 'order', 'features', 'epoch', 'queues', 'offer', 'further'],
		...['prod', 'cons_event', 'cons', 'prod_event', 'side', 'mapped', 'marker', 'ref'],
		...['frags_granted', 'frags_mapped', 'table'],
	],
	coloop_record: [
		...[
			'len',
			'hdr_len',
			'flags',
			'gso_type',
			'gso_size',
			'csum_start',
			'csum_offset',
			'parts',
		],
	],
	coloop_part: ['at', 'len'],
} as const;

const control = fields.coloop_control.join('|');
const accessor = '\\b(?:READ_ONCE|virt_load_acquire)';
/* A control page is reached as `peer`, `tx->peer` and the like; `peer` may be a domain, too. */
const page = `&?(?:\\w+->|\\w+\\.)*peer->((?:${control})\\b(?:\\[\\w+\\])?(?:\\.\\w+)?)`;

const patterns = {
	page: new RegExp(`${accessor}\\(${page}`),
	ring: /\b(?:rx_at|ring_copy_record|ring_copy_part|coloop_rx_copy|coloop_rx_gather)\((?:rx|&queue->rx|record),|READ_ONCE\(\(\(const u64/,
	record: new RegExp(`\\b(?:record|r)->(?:${fields.coloop_record.join('|')})\\b`),
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
	const aliases = aliasesOf(lines, owners);
	const seen = new Set<string>();

	return lines.flatMap((text, index) => {
		const owner = owners[index];
		const found = kindsOf(text, owner ?? '', aliases.get(owner) ?? []);
		const words = [...text.matchAll(new RegExp(`${accessor}\\(${page}`, 'g'))];
		const again = words.filter(([, word]) => isAgain(seen, `${owner ?? ''} ${word ?? ''}`));
		const place = {key: `${file}:${owner ?? ''}`, line: index + 1, text: text.trim()};
		/* What is read in no function is in a macro, which may stand anywhere. */
		const kept = owner === undefined ? found.filter(isOfPage) : found;

		return [...kept, ...again.map(() => 'twice' as const)].map(kind => ({...place, kind}));
	});
}

function isAgain(seen: Set<string>, word: string): boolean {
	const is = seen.has(word);
	seen.add(word);

	return is;
}

function isOfPage(kind: Kind): boolean {
	return kind === 'page' || kind === 'naked';
}

/** By function, what it calls a control page of the peer, beside `tx->peer` and `rx->peer`. */
function aliasesOf(
	lines: readonly string[],
	owners: ReadonlyArray<string | undefined>,
): ReadonlyMap<string | undefined, string[]> {
	const aliases = new Map<string | undefined, string[]>();
	lines.forEach((line, index) => {
		const owner = owners[index];
		for (const [, name = ''] of line.matchAll(/const struct coloop_control \*(\w+)/g)) {
			if (owner !== undefined) {
				aliases.set(owner, [...(aliases.get(owner) ?? []), name]);
			}
		}
	});

	return aliases;
}

function kindsOf(text: string, owner: string, aliases: readonly string[]): Kind[] {
	const isNaked = isNakedPage(text, aliases) || isNakedRing(text, owner);

	return [
		...kinds.filter(kind => patterns[kind].test(text)),
		...(isNaked ? ['naked' as const] : []),
	];
}

/** A word of the page but for an accessor, or all of the page at once. */
function isNakedPage(text: string, aliases: readonly string[]): boolean {
	const bare = text
		.replaceAll(new RegExp(`${accessor}\\(${page}`, 'g'), '')
		.replaceAll(/const struct coloop_control \*/g, '');
	const pointer = `(?:${['[tr]x\\)?(?:->|\\.)peer', ...aliases].join('|')})\\b`;

	return (
		new RegExp(`\\b${pointer}\\)?(?:->|\\.)(?:${control})\\b`).test(bare) ||
		new RegExp(`\\bmem\\w+\\([^;]*\\b${pointer}(?!->)`).test(bare) ||
		new RegExp(`\\*\\(?(?:\\w+->|\\w+\\.)*${pointer}`).test(bare) ||
		(/_map\.address\[/.test(bare) && !/^\s*\w+ = \(const void \*\)/.test(bare))
	);
}

/** The peer's ring is reached by rx_at() alone, and what that finds is copied before it is looked at. */
function isNakedRing(text: string, owner: string): boolean {
	if (owner === 'rx_at') {
		return false;
	}
	if (owner === 'ring_copy_record' || owner === 'ring_copy_part') {
		return /\bfrom\b/.test(
			text.replaceAll(/READ_ONCE\(\(?\*?\(const u64 \*\)from\)|const u8 \*from/g, ''),
		);
	}
	const bare = text
		.replaceAll(/\b(?:ring_copy_record|coloop_copy)\(\w+, rx_at\(/g, '')
		.replaceAll(/\bring_copy_part\(rx_at\(/g, '')
		.replaceAll(/\bcoloop_copy\(to, foreign->pages\[/g, '');

	return /\brx_at\(|\brx(?:->|\.)pages\[|\blent(?:->|\.)pages\[/.test(bare);
}

/** Members of the shared structures that nobody looks for; `wire` is what wire.h says. */
export function unlisted(wire: string): string[] {
	return Object.entries(fields).flatMap(([name, known]) => {
		const body = new RegExp(`^struct ${name} \\{\\n([^}]*)^\\};`, 'm').exec(wire)?.[1];
		if (body === undefined) {
			return [`struct ${name} is not there`];
		}
		const members = [...body.matchAll(/^\t[\w ]+\b(\w+)(?:\[.*\])?;/gm)].map(
			each => each[1] ?? '',
		);
		const isKnown = (member: string) =>
			/^zero\d$/.test(member) || known.some(each => each === member);

		return members
			.filter(member => !isKnown(member))
			.map(member => `struct ${name}: ${member}`);
	});
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
		if (line !== '{') {
			return;
		}
		const start = signatureStart(lines, open);
		const signature = lines.slice(start, open).join(' ');
		const name = /(\w+)\(/.exec(signature)?.[1];
		const close = lines.indexOf('}', open);
		if (name !== undefined) {
			owners.fill(name, start, close + 1);
		}
	});

	return owners;
}

function signatureStart(lines: readonly string[], open: number): number {
	let start = open;
	while (
		start > 0 &&
		/\S/.test(lines[start - 1] ?? '') &&
		!/[;}]\s*$/.test(lines[start - 1] ?? '')
	) {
		start -= 1;
	}

	return start;
}
