// SPDX-License-Identifier: MIT
import {Counter, Gauge, Histogram, Registry} from 'prom-client';
import {definitions, type MetricName} from './definitions.ts';

type Labels = Readonly<Record<string, string>>;

/** A value and the labels that it has. */
export type Sample = readonly [number, Labels?];

export const metricNames = Object.keys(definitions) as MetricName[];

/** The values of all metrics, and their text in Prometheus' format. */
export class Metrics {
	readonly #registry = new Registry();
	readonly #counters = new Map<MetricName, Counter>();
	readonly #gauges = new Map<MetricName, Gauge>();
	readonly #histograms = new Map<MetricName, Histogram>();

	constructor() {
		for (const name of metricNames) {
			const {type, help, ...rest} = definitions[name];
			const labelNames = 'labels' in rest ? [...rest.labels] : [];
			const given = {name, help, labelNames, registers: [this.#registry]};
			if (type === 'counter') {
				this.#counters.set(name, new Counter(given));
			} else if (type === 'gauge') {
				this.#gauges.set(name, new Gauge(given));
			} else {
				const buckets = 'buckets' in rest ? [...rest.buckets] : [];
				this.#histograms.set(name, new Histogram({...given, buckets}));
			}
		}
	}

	/** Answers what counts one more, or so many, under these labels; the count is shown from now on. */
	counter(name: MetricName, labels: Labels = {}): (by?: number) => void {
		const counter = expected(this.#counters.get(name), name).labels(labels);
		counter.inc(0);

		return by => counter.inc(by);
	}

	/** One more, under labels that are not known before. */
	count(name: MetricName, labels: Labels = {}): void {
		expected(this.#counters.get(name), name).inc(labels);
	}

	observe(name: MetricName, value: number): void {
		expected(this.#histograms.get(name), name).observe(value);
	}

	/** These are all samples that a gauge has now, or a counter that is counted elsewhere. */
	set(name: MetricName, samples: Iterable<Sample>): void {
		const counter = this.#counters.get(name);
		const gauge = this.#gauges.get(name);
		const metric = counter ?? expected(gauge, name);
		metric.reset();
		/* One without labels is 0 after that, where nothing may be known. */
		metric.remove({});
		for (const [value, labels = {}] of samples) {
			counter?.inc(labels, value);
			gauge?.set(labels, value);
		}
	}

	/** One metric with its help, without an end of line. */
	text(name: MetricName): Promise<string> {
		return this.#registry.getSingleMetricAsString(name);
	}

	get contentType(): string {
		return this.#registry.contentType;
	}
}

function expected<T>(metric: T | undefined, name: MetricName): T {
	if (metric === undefined) {
		throw new TypeError(`${name} is a ${definitions[name].type}`);
	}

	return metric;
}
