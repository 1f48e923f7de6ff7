// SPDX-License-Identifier: MIT

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `877.10 MiB` */
export function bytes(count: number): string {
	let value = count;
	let unit = 0;
	while (value >= 1024 && unit < binary.length - 1) {
		value /= 1024;
		unit += 1;
	}

	return unit === 0 ? `${value} B` : `${value.toFixed(2)} ${binary[unit] ?? ''}`;
}

const spans = [
	['day', 86_400],
	['hour', 3600],
	['minute', 60],
	['second', 1],
] as const;

/** `3 hours, 12 minutes`: the two largest units that are not zero. */
export function duration(seconds: number): string {
	let rest = Math.max(0, Math.floor(seconds));
	const parts = spans.flatMap(([name, length]) => {
		const count = Math.floor(rest / length);
		rest -= count * length;

		return count === 0 ? [] : [`${count} ${name}${count === 1 ? '' : 's'}`];
	});

	return parts.slice(0, 2).join(', ') || '0 seconds';
}

/** `3h12m`, for a column. */
export function age(seconds: number): string {
	return duration(seconds)
		.split(', ')
		.map(part => part.replace(/^(\d+) (\w).*$/, '$1$2'))
		.join('');
}

/** `2027-01-15 09:00:00`, where the user is. */
export function moment(unix: number): string {
	const date = new Date(unix * 1000);
	const two = (value: number) => String(value).padStart(2, '0');
	const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');

	return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')}`;
}
