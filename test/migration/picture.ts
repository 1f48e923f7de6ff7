// SPDX-License-Identifier: MIT
import {escape, round, text} from '../bench/chart.ts';
import {rates} from './figures.ts';
import type {Journey, Span} from './journey.ts';

export type Panel = {readonly title: string; readonly journey: Journey};

const width = 760;
const left = 64;
const right = 16;
const panelHeight = 150;
const panelGap = 46;
const top = 56;
const every = 500;

/** Answers per second over time, a panel for each journey, all of one scale. */
export function picture(title: string, panels: readonly Panel[]): string {
	const series = panels.map(({journey}) => rates(journey.samples, every));
	const most = Math.max(...series.flat());
	const longest = Math.max(...series.map(each => each.length)) * every;
	const height = top + panels.length * (panelHeight + panelGap);
	const scale = {
		longest,
		x: (ms: number) => round(left + (ms / longest) * (width - left - right)),
		y: (rate: number) => round(panelHeight - (rate / most) * panelHeight),
	};

	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
		`<rect width="${width}" height="${height}" fill="#fff"/>`,
		text(12, 22, escape(title), 'font-size="16" font-weight="bold"'),
		text(
			12,
			42,
			'requests answered per second, on one TCP connection; grey: the guest moves',
			'fill="#555"',
		),
		...panels.flatMap((panel, index) => [
			`<g transform="translate(0 ${top + 20 + index * (panelHeight + panelGap)})">`,
			...drawPanel(panel, series[index] ?? [], most, scale),
			'</g>',
		]),
		'</svg>\n',
	].join('\n');
}

type Scale = {
	readonly longest: number;
	readonly x: (ms: number) => number;
	readonly y: (rate: number) => number;
};

function drawPanel(
	{title, journey}: Panel,
	values: readonly number[],
	most: number,
	{x, y, longest}: Scale,
): string[] {
	const zero = journey.samples[0]?.at ?? 0;
	const shade = ({from, to}: Span) =>
		`<rect x="${x(from - zero)}" y="0" width="${round(x(to - zero) - x(from - zero))}" height="${panelHeight}" fill="#eee"/>`;
	const name = ({from, to}: Span, what: string) =>
		text(x((from + to) / 2 - zero), panelHeight + 16, what, 'text-anchor="middle" fill="#555"');
	const points = values.map((value, at) => `${x((at + 0.5) * every)},${y(value)}`);

	return [
		shade(journey.arrival),
		shade(journey.departure),
		...[0, most / 2, most].map(rate =>
			text(left - 6, y(rate) + 4, String(Math.round(rate)), 'text-anchor="end" fill="#555"'),
		),
		`<path d="M${left} 0V${panelHeight}H${width - right}" fill="none" stroke="#888"/>`,
		`<polyline points="${points.join(' ')}" fill="none" stroke="#2f7ebc" stroke-width="1.5"/>`,
		text(left, -6, escape(title), 'font-weight="bold"'),
		name(journey.apart, 'apart'),
		name(journey.together, 'together'),
		name(journey.apartAgain, 'apart'),
		text(
			x(longest),
			panelHeight + 16,
			`${Math.round(longest / 1000)} s`,
			'text-anchor="end" fill="#555"',
		),
	];
}
