// SPDX-License-Identifier: MIT
import {ratioOf, type Result} from './results.ts';

type Bar = {readonly name: string; readonly channel: number; readonly loopback?: number};

const width = 760;
const left = 190;
const right = 110;
const lineHeight = 24;
const top = 56;
// What is more ends there, for the others to be seen; its number tells.
const longest = 12;

/**
 * A bar for each row: how many times netfront the channel is. A tick marks loopback, which no
 * network between guests could beat.  Nothing if no row has both.
 */
export function chart(title: string, results: readonly Result[]): string | undefined {
	const bars = results.flatMap(barOf);
	if (bars.length === 0) {
		return undefined;
	}
	const ratios = bars.flatMap(({channel, loopback = 0}) => [channel, loopback]);
	const most = Math.min(longest, Math.max(1, ...ratios));
	const x = (ratio: number) =>
		round(left + (Math.min(ratio, most) / most) * (width - left - right));
	const height = top + bars.length * lineHeight + 16;
	const foot = height - 12;

	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
		`<rect width="${width}" height="${height}" fill="#fff"/>`,
		text(12, 22, escape(title), 'font-size="16" font-weight="bold"'),
		text(12, 42, 'times netfront (grey line); bar: channel, tick: loopback', 'fill="#555"'),
		...bars.flatMap((bar, index) => drawBar(bar, top + index * lineHeight, x)),
		`<path d="M${x(1)} ${top - 6}V${foot}" stroke="#888" stroke-dasharray="4 3"/>`,
		'</svg>\n',
	].join('\n');
}

function barOf({name, better, netfront, ratio, loopback}: Result): Bar[] {
	if (ratio === undefined) {
		return [];
	}
	const ceiling = ratioOf({better}, loopback, netfront);

	return [{name, channel: ratio, ...(ceiling === undefined ? {} : {loopback: ceiling})}];
}

function drawBar(
	{name, channel, loopback}: Bar,
	y: number,
	x: (ratio: number) => number,
): string[] {
	const color = channel < 1 ? '#c0504d' : '#2f7ebc';
	const middle = y + lineHeight / 2 + 4;
	const end = Math.max(x(channel), loopback === undefined ? 0 : x(loopback));
	const tick = (at: number) =>
		`<path d="M${at} ${y + 2}V${y + lineHeight - 2}" stroke="#222" stroke-width="2"/>`;

	return [
		text(left - 8, middle, escape(name), 'text-anchor="end"'),
		`<rect x="${left}" y="${y + 4}" width="${round(x(channel) - left)}" height="${lineHeight - 8}" fill="${color}"/>`,
		...(loopback === undefined ? [] : [tick(x(loopback))]),
		text(
			end + 6,
			middle,
			`${channel.toFixed(2)}${loopback === undefined ? '' : ` of ${loopback.toFixed(2)}`}`,
		),
	];
}

export function text(x: number, y: number, content: string, more = ''): string {
	return `<text x="${x}" y="${y}" ${more}>${content}</text>`;
}

export function escape(content: string): string {
	return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

export function round(value: number): number {
	return Math.round(value * 10) / 10;
}
