// SPDX-License-Identifier: MIT
import {createDetails} from './details.js';
import {createPicture} from './picture.js';
import {createTable} from './table.js';

const find = id => document.getElementById(id);

let scene;

const picture = createPicture(find('picture'), choose);
const table = createTable({rows: find('rows'), left: find('left'), filter: find('filter')}, choose);
const details = createDetails(find('details-body'), find('details-title'));

/** A domain, a pair, or nothing. */
function choose(key) {
	picture.choose(key);
	table.choose(key);
	details.choose(key, scene);
}

function draw(news) {
	const problems = news.scene ? news.scene.problems : [news.error, news.hint].filter(Boolean);
	find('problems').hidden = problems.length === 0;
	replaceLines(find('problems'), problems);
	if (!news.scene) {
		find('summary').textContent = 'coloopd does not answer; below is what it said last';

		return;
	}
	scene = news.scene;
	find('summary').textContent = summaryOf(scene);
	picture.draw(scene);
	table.draw(scene);
	details.draw(scene);
	document.body.dataset.drawn = String(Number(document.body.dataset.drawn ?? 0) + 1);
}

function summaryOf({side, domains, live, pairs, left, module, version}) {
	const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;
	const more = left.open + left.refused;
	const where = side === 'dom0' ? count(domains.length, 'domain') : 'a guest';

	return [
		where,
		count(live, 'live channel'),
		`${count(pairs.length, 'pair')} shown${more > 0 ? `, ${more} more` : ''}`,
		`coloopd ${version}`,
		module === null ? 'no module here' : `module ${module}`,
	].join(' · ');
}

function replaceLines(element, lines) {
	const text = lines.join('\n');
	if (element.textContent !== text) {
		element.textContent = text;
	}
}

const events = new EventSource('/events');
events.onmessage = ({data}) => draw(JSON.parse(data));
events.onerror = () =>
	draw({error: 'coloop ui has ended', hint: 'start it again; this page then goes on'});

document.addEventListener('keydown', event => {
	if (event.key === '/' && document.activeElement?.tagName !== 'INPUT') {
		event.preventDefault();
		find('filter').focus();
	}
});
