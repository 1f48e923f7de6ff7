// SPDX-License-Identifier: MIT
import {keyOf} from './picture.js';
import {bytes, lookOf, named, rate} from './words.js';

/** The same pairs as in the picture, as a table; `choose` is called with the key of one. */
export function createTable({rows, left, filter}, choose) {
	const known = new Map();
	let chosen;

	const sift = () => {
		const wanted = filter.value.trim().toLowerCase();
		for (const {row} of known.values()) {
			row.hidden = !row.textContent.toLowerCase().includes(wanted);
		}
	};
	filter.addEventListener('input', sift);
	rows.addEventListener('click', event => choose(event.target.closest('tr')?.dataset.key));

	return {
		draw({pairs, left: more}) {
			const here = new Set(pairs.map(keyOf));
			for (const [key, {row}] of known) {
				if (!here.has(key)) {
					row.remove();
					known.delete(key);
				}
			}
			let before = null;
			const label = labelOf(pairs);
			for (const pair of pairs) {
				const entry = known.get(keyOf(pair)) ?? addRow(known, pair);
				fill(entry, pair, label);
				/* One that is in its place is not moved: it may have the focus. */
				const next = before ? before.nextSibling : rows.firstChild;
				if (next !== entry.row) {
					rows.insertBefore(entry.row, next);
				}
				before = entry.row;
			}
			left.textContent = leftText(more);
			sift();
		},
		choose(key) {
			known.get(chosen)?.row.classList.remove('chosen');
			known.get(key)?.row.classList.add('chosen');
			chosen = key;
		},
	};
}

/** A name is enough where nobody else has it. */
function labelOf(pairs) {
	const domids = new Map();
	for (const {name, domid} of pairs.flatMap(({a, b}) => [a, b])) {
		domids.set(name, (domids.get(name) ?? new Set()).add(domid));
	}

	return end => (domids.get(end.name).size > 1 ? named(end) : end.name);
}

function addRow(known, pair) {
	const row = document.createElement('tr');
	row.dataset.key = keyOf(pair);
	const head = document.createElement('th');
	head.scope = 'row';
	const button = document.createElement('button');
	button.type = 'button';
	head.append(button);
	row.append(head);
	const cells = Array.from({length: 5}, () => row.appendChild(document.createElement('td')));
	cells.slice(1, 4).forEach(cell => cell.classList.add('number'));
	const entry = {row, button, cells};
	known.set(keyOf(pair), entry);

	return entry;
}

function fill({button, cells}, {a, b, state, sending, receiving, sent, received, why}, label) {
	write(button, `${label(a)} ↔ ${label(b)}`);
	const total = sent + received === 0 ? '' : bytes(sent + received);
	[state, rate(sending), rate(receiving), total, why ?? ''].forEach((text, index) =>
		write(cells[index], text),
	);
	cells[0].className = `state ${lookOf(state)}`;
}

function write(element, text) {
	if (element.textContent !== text) {
		element.textContent = text;
	}
}

function leftText({open, refused}) {
	const more = count => `${count} pair${count === 1 ? '' : 's'} more`;
	const texts = [
		open > 0 ? `${more(open)} may have a channel` : [],
		refused > 0 ? `${more(refused)} may not` : [],
	].flat();

	return texts.length === 0
		? ''
		: `${texts.join(', ')}: choose a domain to see all of its pairs.`;
}
