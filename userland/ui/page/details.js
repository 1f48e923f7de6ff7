// SPDX-License-Identifier: MIT
import {keyOf} from './picture.js';
import {age, bytes, named, rate} from './words.js';

/** Tells all about what was chosen, and keeps its figures moving. */
export function createDetails(body, title) {
	let chosen;
	let asked = 0;

	const showPair = scene => {
		const pair = scene?.pairs.find(each => keyOf(each) === chosen);
		if (!pair) {
			title.textContent = 'Details';
			body.replaceChildren(paragraph('This pair is not told of any more.'));

			return;
		}
		title.textContent = `${pair.a.name} ↔ ${pair.b.name}`;
		update(body, linesOf(pair));
	};

	const showDomain = async scene => {
		const domid = Number(chosen.slice(1));
		const domain = scene?.domains.find(each => each.domid === domid);
		title.textContent = domain ? named(domain) : `domain ${domid}`;
		const bridges = (domain?.bridges ?? []).map(index => scene.bridges[index]?.name);
		const number = ++asked;
		body.replaceChildren(paragraph(`bridges: ${bridges.join(', ') || 'none'}`));
		const answer = await fetchPairs(domid);
		if (number === asked) {
			body.append(
				...(answer.error ? [paragraph(answer.error)] : listOf(answer.pairs, domid)),
			);
		}
	};

	return {
		choose(key, scene) {
			chosen = key;
			asked += 1;
			if (key === undefined) {
				title.textContent = 'Details';
				body.replaceChildren(
					paragraph('Choose a domain or a pair, in the picture or in the table.'),
				);
			} else if (key.startsWith('p')) {
				body.replaceChildren();
				showPair(scene);
			} else {
				void showDomain(scene);
			}
		},
		draw(scene) {
			if (chosen?.startsWith('p')) {
				showPair(scene);
			}
		},
	};
}

async function fetchPairs(domid) {
	try {
		return await (await fetch(`/pairs?of=${domid}`)).json();
	} catch {
		return {error: 'coloop ui does not answer'};
	}
}

function linesOf({a, b, state, why, rule, since, sent, received, sending, receiving}) {
	const now = Date.now() / 1000;
	const flow = (total, perSecond) => [bytes(total), rate(perSecond)].filter(Boolean).join(', ');

	return [
		['channel', state === 'live' && since !== null ? `live for ${age(now - since)}` : state],
		['why', why],
		['policy', rule],
		[`${a.name} to ${b.name}`, sent > 0 ? flow(sent, sending) : ''],
		[`${b.name} to ${a.name}`, received > 0 ? flow(received, receiving) : ''],
		['more', `coloop show ${a.domid < 0 ? '' : `${a.domid} `}${b.domid}`],
	].filter(([, value]) => value);
}

/** Writes only what differs: a live region is read out when it changes. */
function update(body, lines) {
	let list = body.querySelector('dl');
	if (!list || list.children.length !== lines.length * 2) {
		list = document.createElement('dl');
		for (const [key] of lines) {
			const term = list.appendChild(document.createElement('dt'));
			const value = list.appendChild(document.createElement('dd'));
			term.textContent = key;
			if (key !== 'channel' && key !== 'why') {
				value.setAttribute('aria-live', 'off');
			}
		}
		body.replaceChildren(list);
	}
	lines.forEach(([key, value], index) => {
		const [term, cell] = [list.children[index * 2], list.children[index * 2 + 1]];
		term.textContent = key;
		if (cell.textContent !== value) {
			cell.textContent = value;
		}
	});
}

/** Its pairs; those that have no channel for the same reason stand together. */
function listOf(pairs, domid) {
	const groups = new Map();
	for (const {a, b, state, why} of pairs) {
		const heading = state === 'live' ? 'live' : `${state}${why ? `: ${why}` : ''}`;
		const other = a.domid === domid ? b : a;
		groups.set(heading, [...(groups.get(heading) ?? []), named(other)]);
	}
	if (groups.size === 0) {
		return [paragraph('no pairs')];
	}
	const list = document.createElement('dl');
	for (const [heading, names] of groups) {
		const term = list.appendChild(document.createElement('dt'));
		const value = list.appendChild(document.createElement('dd'));
		term.textContent = heading;
		value.textContent = `${names.length}: ${names.join(', ')}`;
	}

	return [list];
}

function paragraph(text) {
	const element = document.createElement('p');
	element.textContent = text;

	return element;
}
