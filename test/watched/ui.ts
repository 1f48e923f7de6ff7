// SPDX-License-Identifier: MIT
//
// The page of `coloop ui` in real Chromium: what it shows of the real daemon, whose host is in memory.
import test from 'ava';
import {startBrowser, type Browser} from './_browser.ts';
import {answering, busyHost, smallHost} from './_hosts.ts';
import {until} from './_until.ts';

const textOf = (selector: string) =>
	`document.querySelector(${JSON.stringify(selector)}).textContent`;
const count = (selector: string) => `document.querySelectorAll(${JSON.stringify(selector)}).length`;
const drawn = 'document.body.dataset.drawn';

let browser: Browser;
test.before(async () => {
	browser = await startBrowser();
});
test.after.always(() => browser.close());

test.serial('domains, bridges and channels, as they come', async t => {
	const host = await smallHost();
	const page = await browser.openPage(host.url);
	try {
		await page.until('it is drawn', drawn);
		t.is(await page.eval(count('#domains > g')), 5);
		t.is(await page.eval(count('#bridges > g')), 2);
		t.is(await page.eval(count('#lines > .live')), 1);
		t.is(await page.eval(count('#lines > g')), await page.eval(count('#rows > tr')));
		t.regex(
			await page.eval(textOf('#summary')),
			/^5 domains · 1 live channel · 10 pairs shown/,
		);
		t.regex(await page.eval(textOf('#rows')), /iptables: FORWARD 3: DROP/);

		await host.stage.connect(0, 4);
		await page.until('the second channel is there', `${count('#lines > .live')} === 2`);
		await host.stage.stop(2);
		await host.stage.destroy(2);
		await host.stage.clock.advance(5000);
		await page.until('a guest is gone', `${count('#domains > g')} === 4`);
		t.is(await page.eval(count('#lines > .live')), 1);

		const own = new URL(host.url).origin;
		t.deepEqual(
			page.requests.filter(each => new URL(each).origin !== own),
			[],
		);
		await host.endDaemon();
		await page.until(
			'the page says that the daemon is gone',
			`!document.querySelector('#problems').hidden`,
		);
		t.regex(await page.eval(textOf('#problems')), /coloopd does not answer.*start it/s);
		t.is(await page.eval(count('#domains > g')), 4);
		t.deepEqual(page.complaints, []);
	} finally {
		await page.close();
		await host.stop();
	}
});

test.serial('rates are those of the counters', async t => {
	const host = await smallHost();
	const page = await browser.openPage(host.url);
	const line = '[data-key="p1 2"]';
	try {
		await page.until('it is drawn', drawn);
		t.is(await page.eval(`${textOf(`#rows ${line}`)}.includes('/s')`), false);
		const seen = `(() => {
			const pair = document.querySelector('#lines ${line}');
			const width = Number(pair.querySelector('.line').getAttribute('stroke-width'));

			return pair.classList.contains('busy') && width > 4 &&
				document.querySelector('#rows ${line}').textContent.match(/[MG]iB\\/s/) !== null;
		})()`;
		await until('bytes move', async () => {
			host.stage.kernel(1).carry(2, {txPackets: 9n, txBytes: 900_000_000n});
			await host.stage.clock.advance(6000);

			return page.eval<boolean>(seen);
		});
		t.pass();
	} finally {
		await page.close();
		await host.stop();
	}
});

test.serial('all of it by keyboard', async t => {
	const host = await smallHost();
	const page = await browser.openPage(host.url);
	const focused = (what: string) => page.eval<string | null>(`document.activeElement?.${what}`);
	try {
		await page.until('it is drawn', drawn);
		await page.press('Tab');
		t.is(await focused('className'), 'skip');
		await page.press('Tab');
		t.is(await focused(`getAttribute('aria-label')`), 'domain 0, Domain-0');
		await page.press('ArrowRight');
		t.is(await focused(`getAttribute('aria-label')`), 'domain 1, a');
		await page.press('End');
		t.regex((await focused('dataset.key')) ?? '', /^p/);
		for (let step = 0; (await focused('dataset.key')) !== 'p1 3'; step++) {
			t.true(step < 20);
			await page.press('ArrowLeft');
		}
		t.is(await focused('tagName'), 'g');
		t.is(
			await page.eval(
				`getComputedStyle(document.querySelector('#lines :focus .line')).strokeWidth`,
			),
			'7px',
		);
		await page.press('Enter');
		t.is(await page.eval(textOf('#details-title')), 'a ↔ c');
		t.regex(
			await page.eval(textOf('#details-body')),
			/refused.*iptables: FORWARD 3: DROP.*coloop show 1 3/,
		);
		t.is(await focused(`getAttribute('aria-pressed')`), 'true');
		/* What is drawn meanwhile takes the focus from nobody. */
		await page.until('it is drawn again', `Number(${drawn}) > ${await page.eval(drawn)}`);
		t.is(await focused('dataset.key'), 'p1 3');
		await page.press('Escape');
		t.is(await page.eval(textOf('#details-title')), 'Details');

		/* One stop for the whole picture, then the table. */
		await page.press('Tab');
		t.is(await focused('id'), 'filter');
		await page.press('Tab', true);
		t.is(await focused('dataset.key'), 'p1 3');
		await page.press('Home');
		await page.press('Enter');
		await page.until('pairs of dom0 are told', `${textOf('#details-body')}.includes('ready')`);

		await page.press('/');
		t.is(await focused('id'), 'filter');
		for (const key of 'drop') {
			await page.press(key);
		}
		const shown = `document.querySelectorAll('#rows > tr:not([hidden])').length`;
		t.is(await page.eval(shown), 1);
		await page.press('Tab');
		for (let step = 0; (await focused('tagName')) !== 'BUTTON'; step++) {
			t.true(step < 3);
			await page.press('Tab');
		}
		await page.press('Enter');
		t.is(await page.eval(textOf('#details-title')), 'a ↔ c');
	} finally {
		await page.close();
		await host.stop();
	}
});

for (const scheme of ['light', 'dark'] as const) {
	test.serial(`legible in the ${scheme}`, async t => {
		const host = await smallHost();
		const page = await browser.openPage(host.url, {scheme});
		try {
			await page.until('it is drawn', drawn);
			const found = await page.eval<Array<[string, number]>>(`(${contrasts})()`);
			t.true(found.length > 10);
			for (const [what, ratio] of found) {
				t.true(ratio >= (what.includes('.line') ? 3 : 4.5), `${what}: ${ratio}`);
			}
			const ground = await page.eval<number>(`(${contrasts})('ground')`);
			t.is(ground < 0.2, scheme === 'dark');
		} finally {
			await page.close();
			await host.stop();
		}
	});
}

/** In the page: what stands out from its ground by how much, as WCAG counts; or how bright the ground is. */
const contrasts = `what => {
	const parts = color => color.match(/[\\d.]+/g).map(Number);
	const light = color => parts(color).slice(0, 3).map(part => part / 255)
		.map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
		.reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
	const groundOf = element => {
		const color = getComputedStyle(element).backgroundColor;
		return parts(color)[3] === 0 && element.parentElement ? groundOf(element.parentElement) : color;
	};
	if (what === 'ground') {
		return light(groundOf(document.body));
	}
	const looks = {color: '#summary, h1, h2, thead th, td, button, label, input, #legend li, #details p',
		fill: '#picture text', stroke: '#picture .line, #picture circle'};
	return Object.entries(looks).flatMap(([style, selector]) =>
		[...document.querySelectorAll(selector)].map(element => {
			const [a, b] = [light(getComputedStyle(element)[style]), light(groundOf(element))].sort();
			const name = element.tagName + '.' + (element.getAttribute('class') ?? '') + ' ' + element.textContent;
			return [name, (b + 0.05) / (a + 0.05)];
		}));
}`;

test.serial('everything that can be pressed has a name, and the table has heads', async t => {
	const host = await smallHost();
	const page = await browser.openPage(host.url);
	type Node = {role?: {value: string}; name?: {value: string}; ignored: boolean};
	try {
		await page.until('it is drawn', drawn);
		await page.send('Accessibility.enable');
		const {nodes} = (await page.send('Accessibility.getFullAXTree')) as {nodes: Node[]};
		const of = (role: string) =>
			nodes.filter(node => !node.ignored && node.role?.value === role);
		const names = of('button').map(({name}) => name?.value ?? '');
		t.is(names.length, 5 + 10 + 10);
		t.deepEqual(
			names.filter(name => name === ''),
			[],
		);
		t.true(names.includes('a and c: refused, iptables: FORWARD 3: DROP'));
		t.deepEqual(
			of('heading').map(({name}) => name?.value),
			['Coloop', 'Picture', 'Details', 'Pairs'],
		);
		t.is(of('rowheader').length, 10);
		t.is(of('columnheader').length, 6);
		t.is(of('searchbox')[0]?.name?.value, 'Only those with');
	} finally {
		await page.close();
		await host.stop();
	}
});

test.serial('a name is never more than a name', async t => {
	const name = '<img src=x onerror=alert(1)>"\'&amp;';
	const host = await smallHost(name);
	const page = await browser.openPage(host.url);
	try {
		await page.until('it is drawn', drawn);
		t.is(await page.eval(count('img')), 0);
		t.true(await page.eval(`${textOf('#rows')}.includes(${JSON.stringify(name)})`));
		t.deepEqual(page.complaints, []);
		/* What is not the page's own cannot run, wherever it came from. */
		const ran = await page
			.eval(
				`new Promise(resolve => {
			const script = document.createElement('script');
			script.src = 'data:text/javascript,document.body.dataset.ran=1';
			script.onerror = script.onload = () => resolve(document.body.dataset.ran ?? 'no');
			try { document.head.append(script); } catch { resolve('no'); }
		}).catch(() => 'no')`,
			)
			.catch(() => 'no');
		t.is(ran, 'no');
	} finally {
		await page.close();
		await host.stop();
	}
});

test.serial('300 guests are drawn, and 45 000 pairs are not', async t => {
	const host = await busyHost(300, 1000);
	const page = await browser.openPage(host.url);
	try {
		await page.until('it is drawn', drawn);
		t.is(await page.eval(count('#domains > g')), 300);
		t.is(await page.eval(count('#lines > g')), 400);
		t.is(await page.eval(count('#lines > .refused')), 0);
		t.regex(
			await page.eval(textOf('#summary')),
			/1000 live channels · 400 pairs shown, 44450 more/,
		);
		const named = `[...document.querySelectorAll('#domains text')].filter(each => each.getBoundingClientRect().width > 0).map(each => each.textContent).join()`;
		t.is(await page.eval(named), '');
		await page.press('Tab');
		await page.press('Tab');
		t.is(await page.eval(named), 'Domain-0');
		t.regex(
			await page.eval(textOf('#left')),
			/600 pairs more may have a channel, 43850 pairs more may not/,
		);
		const overlap = await page.eval<number>(`(() => {
			const boxes = [...document.querySelectorAll('#domains circle')].map(each => each.getBoundingClientRect());
			return boxes.filter((box, index) => boxes.some((other, at) => at > index &&
				Math.hypot(box.x - other.x, box.y - other.y) < box.width * 0.7)).length;
		})()`);
		t.is(overlap, 0);
	} finally {
		await page.close();
		await host.stop();
	}
});

test.serial('a daemon that comes back is shown again', async t => {
	let isThere = true;
	const host = await answering(() => isThere);
	const page = await browser.openPage(host.url);
	const problems = `document.querySelector('#problems')`;
	try {
		await page.until('it is drawn', drawn);
		t.true(await page.eval(`${problems}.hidden`));
		isThere = false;
		await page.until('the problem is said', `!${problems}.hidden`);
		t.regex(await page.eval(textOf('#problems')), /XenStore hung up/);
		isThere = true;
		await page.until('the problem is gone', `${problems}.hidden`);
		t.regex(await page.eval(textOf('#summary')), /^a guest · 0 live channels/);
	} finally {
		await page.close();
		await host.stop();
	}
});

test.serial('a page as narrow as a telephone scrolls one way', async t => {
	const host = await smallHost();
	const page = await browser.openPage(host.url, {width: 400, height: 800});
	try {
		await page.until('it is drawn', drawn);
		t.true(await page.eval('document.documentElement.scrollWidth <= 400'));
	} finally {
		await page.close();
		await host.stop();
	}
});
