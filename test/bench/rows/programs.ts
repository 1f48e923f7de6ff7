// SPDX-License-Identifier: MIT
import {parseRedis, parseThroughput} from '../parse.ts';
import {parseCopy, parseMemslap, parsePgbench, parseRsync, parseWrk} from '../parse-programs.ts';
import type {Row} from '../row.ts';
import {netpipe, nfsMiB} from '../servers.ts';
import {inUrl, nptcp, sockperfTcp} from './tools.ts';

const more = (name: string, unit: string) => ({name, unit, better: 'more'}) as const;

export const redis = (name: string, options: string, requests: number): Row => ({
	...more(`redis_${name}`, 'req/s'),
	program: (address, times = 1) =>
		`redis-benchmark -h ${address} ${options} -n ${requests * times} --csv`,
	parse: parseRedis,
});

const wrk = (file: string, close: boolean): Row => ({
	...more(`wrk_${file}${close ? '_close' : ''}`, 'req/s'),
	program: (address, times = 1) => {
		const header = close ? "--header 'Connection: close'" : '';

		return `wrk --threads 1 --connections 4 --duration ${times} ${header} http://${inUrl(address)}:8080/${file}`;
	},
	parse: parseWrk,
});

/** Mounted for one row alone, so that nothing is in the client's caches. */
const nfs = (name: string, copy: string): Row => ({
	...more(`nfs_${name}`, 'Mbit/s'),
	program: address => `mkdir -p /mnt/nfs && mount -t nfs4 ${inUrl(address)}:/ /mnt/nfs || exit 1
		${copy} bs=1M 2>&1; status=$?
		rm -f /mnt/nfs/written; umount /mnt/nfs && exit $status`,
	parse: parseCopy,
});

/** Programs that nobody here wrote, as people run them. */
export const programs: readonly Row[] = [
	redis('get', '-t get -c 1', 3000),
	redis('set', '-t set -c 1', 3000),
	redis('pipelined', '-t get -c 1 -P 16', 20_000),
	redis('50_clients', '-t get -c 50', 5000),
	wrk('1K', false),
	wrk('1K', true),
	wrk('1M', false),
	wrk('1M', true),
	{
		...more('pgbench_select', 'trans/s'),
		program: (address, times = 1) =>
			`pgbench -h ${address} -U postgres -n -S -T ${times} postgres`,
		parse: parsePgbench,
	},
	{
		...more('memcached_get', 'req/s'),
		program: address => `memcslap --servers=${address} --test=get --execute-number=3000`,
		parse: parseMemslap,
	},
	nfs('read', 'dd if=/mnt/nfs/file of=/dev/null'),
	nfs('write', `dd if=/dev/zero of=/mnt/nfs/written count=${nfsMiB} conv=fsync`),
	{...more('netpipe_64K', 'trans/s'), ...nptcp(netpipe.large)},
	{
		...more('rsync_tree', 'Mbit/s'),
		program: address => `rm -rf /tmp/copy && from=$(date +%s%N) &&
			rsync -a --stats rsync://${inUrl(address)}/tree/ /tmp/copy &&
			echo "took $(($(date +%s%N) - from)) ns" && rm -r /tmp/copy`,
		parse: parseRsync,
	},
	{
		...more('sockperf_1400', 'Mbit/s'),
		program: (address, times = 1) =>
			`sockperf throughput -i ${address} ${sockperfTcp} --msg-size 1400 --time ${times}`,
		parse: parseThroughput,
	},
];
