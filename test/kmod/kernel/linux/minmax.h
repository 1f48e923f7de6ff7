/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_MINMAX_H
#define KERNEL_MINMAX_H

#ifndef min_t
#define min(a, b) min_t(__typeof__(a), a, b)
#define max(a, b) ({				\
	__typeof__(a) _a = (a);			\
	__typeof__(a) _b = (b);			\
	_a > _b ? _a : _b;			\
})

#define min_t(type, a, b) ({			\
	type _a = (a);				\
	type _b = (b);				\
	_a < _b ? _a : _b;			\
})

#define clamp_t(type, value, low, high) ({	\
	type _v = (value);			\
	_v < (low) ? (low) : _v > (high) ? (high) : _v;	\
})
#endif

#endif
