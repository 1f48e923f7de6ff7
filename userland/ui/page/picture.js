// SPDX-License-Identifier: MIT
import {lookOf, sentence} from './words.js';

const space = 'http://www.w3.org/2000/svg';
const centre = 500;
/** Of more domains only those are named that somebody points at, or has chosen. */
const dense = 80;

/** Draws scenes into the picture; `choose` is called with the key of what a person chose. */
export function createPicture(root, choose) {
	const parts = Object.fromEntries(
		['ways', 'bridges', 'lines', 'domains'].map(id => [
			id,
			layer(root.querySelector(`#${id}`)),
		]),
	);
	let order = [];
	let current;
	let chosen;

	const elementOf = key => parts.domains.get(key) ?? parts.lines.get(key);
	const mark = () => {
		for (const key of order) {
			const element = elementOf(key);
			element?.setAttribute('tabindex', key === current ? '0' : '-1');
			element?.setAttribute('aria-pressed', String(key === chosen));
		}
	};
	const go = key => {
		current = key;
		mark();
		elementOf(key)?.focus();
	};
	const step = by => {
		const at = order.indexOf(current);
		go(order[(at + by + order.length) % order.length]);
	};
	const keys = {
		ArrowRight: () => step(1),
		ArrowDown: () => step(1),
		ArrowLeft: () => step(-1),
		ArrowUp: () => step(-1),
		Home: () => go(order[0]),
		End: () => go(order.at(-1)),
		Enter: () => choose(current),
		' ': () => choose(current),
		Escape: () => choose(undefined),
	};
	root.addEventListener('keydown', event => {
		const act = keys[event.key];
		if (act && !event.ctrlKey && !event.altKey && !event.metaKey && order.length > 0) {
			event.preventDefault();
			act();
		}
	});
	root.addEventListener('click', event => {
		const key = event.target.closest('[data-key]')?.dataset.key;
		if (key !== undefined) {
			current = key;
		}
		choose(key);
	});

	return {
		draw(scene) {
			const size = sizeOf(scene.domains.length);
			root.classList.toggle('many', scene.domains.length > 24);
			root.classList.toggle('dense', scene.domains.length > dense);
			root.classList.toggle('crowded', scene.bridges.length > 8);
			parts.ways.draw(waysOf(scene), drawWay);
			parts.bridges.draw(
				scene.bridges.map(bridge => [bridge.name, bridge]),
				(group, bridge) => drawBridge(group, bridge, scene.bridges.length > 8),
			);
			const places = new Map(scene.domains.map(domain => [domain.domid, domain]));
			const drawn = scene.pairs.filter(
				({a, b}) => places.has(a.domid) && places.has(b.domid),
			);
			parts.lines.draw(
				drawn.map(pair => [keyOf(pair), pair]),
				(group, pair) => drawPair(group, pair, places),
			);
			parts.domains.draw(
				scene.domains.map(domain => [`d${domain.domid}`, domain]),
				(group, domain) => drawDomain(group, domain, size),
			);
			order = [...scene.domains.map(({domid}) => `d${domid}`), ...drawn.map(keyOf)];
			current = order.includes(current) ? current : order[0];
			mark();
			frame(root, scene.domains.length > dense ? 130 : 12);
		},
		choose(key) {
			chosen = key;
			const ends = key?.startsWith('p') ? key.slice(1).split(' ') : [key?.slice(1)];
			for (const each of order) {
				const isPair = each.startsWith('p');
				const touches =
					isPair &&
					each
						.slice(1)
						.split(' ')
						.some(end => ends.includes(end));
				const isOf = key?.startsWith('d') ? touches : each === key;
				elementOf(each)?.classList.toggle('chosen', each === key || isOf);
			}
			root.classList.toggle('choosing', key !== undefined);
			mark();
		},
	};
}

export function keyOf({a, b}) {
	return `p${a.domid} ${b.domid}`;
}

/** Elements by key: one that stays keeps the focus, whatever changes about it. */
function layer(parent) {
	const elements = new Map();

	return {
		get: key => elements.get(key),
		draw(items, update) {
			const here = new Set(items.map(([key]) => key));
			for (const [key, element] of elements) {
				if (!here.has(key)) {
					element.remove();
					elements.delete(key);
				}
			}
			for (const [key, item] of items) {
				let group = elements.get(key);
				if (!group) {
					group = make('g');
					group.dataset.key = key;
					elements.set(key, group);
					parent.append(group);
				}
				update(group, item);
			}
		},
	};
}

function sizeOf(count) {
	return count <= 12 ? 24 : count <= 40 ? 12 : count <= 120 ? 6 : 4;
}

/** As near as names allow, however long they are; names that are not shown yet need room, too. */
function frame(root, edge) {
	const {x, y, width, height} = root.getBBox();
	const box = [x - edge, y - edge, width + 2 * edge, height + 2 * edge].map(Math.round);
	set(root, {viewBox: box.join(' ')});
}

/** The ordinary path: each domain to its bridges. */
function waysOf({domains, bridges}) {
	return domains.flatMap(domain =>
		domain.bridges.flatMap(index => {
			const bridge = bridges[index];

			return bridge ? [[`${domain.domid} ${bridge.name}`, {domain, bridge}]] : [];
		}),
	);
}

function drawWay(group, {domain, bridge}) {
	const line = child(group, 'line');
	set(line, {x1: domain.x, y1: domain.y, x2: bridge.x, y2: bridge.y, class: 'way'});
}

function drawBridge(group, {name, x, y}, isCrowded) {
	const [letter, height] = isCrowded ? [6, 18] : [11, 34];
	const width = 14 + name.length * letter;
	set(group, {role: 'img', 'aria-label': `bridge ${name}`, class: 'bridge'});
	delete group.dataset.key;
	set(child(group, 'rect'), {x: x - width / 2, y: y - height / 2, width, height, rx: 6});
	const label = child(group, 'text');
	set(label, {x, y, 'text-anchor': 'middle', 'dominant-baseline': 'central'});
	label.textContent = name;
}

function drawPair(group, pair, places) {
	const {state, sending, receiving} = pair;
	const path = pathOf(places.get(pair.a.domid), places.get(pair.b.domid));
	const isBusy = sending + receiving >= 1;
	set(group, {
		role: 'button',
		'aria-label': sentence(pair),
		class: `pair ${lookOf(state)}${isBusy ? ' busy' : ''}${chosenOf(group)}`,
	});
	set(child(group, 'path', 'hit'), {d: path});
	set(child(group, 'path', 'line'), {d: path, 'stroke-width': widthOf(sending + receiving)});
	child(group, 'title').textContent = sentence(pair);
}

function drawDomain(group, {name, domid, x, y}, size) {
	const angle = Math.atan2(y - centre, x - centre);
	const isLeft = Math.cos(angle) < -0.01;
	const [outX, outY] = [Math.cos(angle), Math.sin(angle)].map(each => each * (size + 9));
	set(group, {
		role: 'button',
		'aria-label': `domain ${domid}, ${name}`,
		class: `domain${chosenOf(group)}`,
		transform: `translate(${x} ${y})`,
	});
	set(child(group, 'circle'), {r: size});
	const label = child(group, 'text');
	const isSteep = size >= 12 && Math.abs(Math.cos(angle)) < 0.2;
	const turn = size >= 12 ? 0 : (angle * 180) / Math.PI + (isLeft ? 180 : 0);
	set(label, {
		transform: `translate(${outX} ${outY + (isSteep ? Math.sign(outY) * 8 : 0)}) rotate(${turn})`,
		'text-anchor': isSteep ? 'middle' : isLeft ? 'end' : 'start',
		'dominant-baseline': 'central',
	});
	const letters = [...name];
	label.textContent = letters.length > 24 ? `${letters.slice(0, 23).join('')}…` : name;
	child(group, 'title').textContent = `domain ${domid}, ${name}`;
}

/** Bent towards the middle, and past it where it would go through it and what stands there. */
function pathOf(a, b) {
	const [x, y] = [(a.x + b.x) / 2 - centre, (a.y + b.y) / 2 - centre];
	const [dx, dy] = [b.x - a.x, b.y - a.y];
	const length = Math.hypot(dx, dy) || 1;
	const aside = Math.hypot(x, y) < 90 ? 230 : 0;
	const bent = [
		centre + x * 0.35 - (dy / length) * aside,
		centre + y * 0.35 + (dx / length) * aside,
	].map(Math.round);

	return `M${a.x} ${a.y}Q${bent[0]} ${bent[1]} ${b.x} ${b.y}`;
}

/** Ten times the bytes are two units more. */
function widthOf(perSecond) {
	return Math.min(12, 2 + 2 * Math.max(0, Math.log10(perSecond / 1e4 + 1))).toFixed(1);
}

function chosenOf(group) {
	return group.classList.contains('chosen') ? ' chosen' : '';
}

function make(name) {
	return document.createElementNS(space, name);
}

/** The child of that name, and class, which is made at its first use. */
function child(group, name, className) {
	const found = group.querySelector(className ? `${name}.${className}` : name);
	if (found) {
		return found;
	}
	const made = make(name);
	if (className) {
		made.setAttribute('class', className);
	}
	group.append(made);

	return made;
}

function set(element, attributes) {
	for (const [name, value] of Object.entries(attributes)) {
		const text = String(value);
		if (element.getAttribute(name) !== text) {
			element.setAttribute(name, text);
		}
	}
}
