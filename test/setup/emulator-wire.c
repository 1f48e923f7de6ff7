// SPDX-License-Identifier: MIT
/*
 * Two machines in counted time, joined by `-netdev socket`: neither is ahead of the other by more than
 * a step, and what one sends in a step arrives at the end of it. So figures of both do not depend on
 * how fast this machine emulates either.
 *
 * emulator.sh has QEMU's net/socket.c include this. A step's end is a frame of no bytes.
 */
#include "qemu/timer.h"
#include "sysemu/cpu-timers.h"
#include <poll.h>

enum { STEP_NS = 200 * 1000 };

/* A machine has one such wire. */
static struct {
	NetSocketState *socket;
	GByteArray *in, *out;
	QEMUTimer *timer;
} wire;

/* Kept until the end of the step. */
static ssize_t wire_put(const uint8_t *frame, size_t size)
{
	uint32_t length = htonl(size);

	if (wire.out) {
		g_byte_array_append(wire.out, (const uint8_t *)&length, sizeof(length));
		g_byte_array_append(wire.out, frame, size);
	}
	return size;
}

/* Hands on the frames of one step; whether its end is there. */
static bool wire_take(void)
{
	uint32_t length = 1;

	while (length && wire.in->len >= sizeof(length)) {
		memcpy(&length, wire.in->data, sizeof(length));
		length = ntohl(length);
		if (wire.in->len < sizeof(length) + length)
			return false;
		if (length)
			qemu_send_packet_async(&wire.socket->nc, wire.in->data + sizeof(length),
					       length, NULL);
		g_byte_array_remove_range(wire.in, 0, sizeof(length) + length);
	}
	return !length;
}

/* Sends and receives at the same time: either side may have more than a socket holds. */
static bool wire_exchange(void)
{
	static uint8_t piece[1 << 16];
	bool is_over = wire_take();
	guint sent = 0;

	while (!is_over || sent < wire.out->len) {
		bool has_more = sent < wire.out->len;
		struct pollfd at = {
			.fd = wire.socket->fd,
			.events = (has_more ? POLLOUT : 0) | (is_over ? 0 : POLLIN),
		};
		ssize_t n;

		if (poll(&at, 1, -1) < 0)
			continue;
		if (has_more) {
			n = send(at.fd, wire.out->data + sent, wire.out->len - sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN)
				return false;
			sent += n > 0 ? n : 0;
		}
		if (!is_over) {
			n = recv(at.fd, piece, sizeof(piece), MSG_DONTWAIT);
			if (!n || (n < 0 && errno != EAGAIN))
				return false;
			g_byte_array_append(wire.in, piece, n > 0 ? n : 0);
			is_over = wire_take();
		}
	}
	g_byte_array_set_size(wire.out, 0);
	return true;
}

static void wire_step(void *opaque)
{
	wire_put(NULL, 0);
	if (wire_exchange())
		timer_mod(wire.timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + STEP_NS);
	else
		wire.socket->nc.link_down = true;
}

/* Both ends call this once they are connected. */
static void wire_begin(NetSocketState *s)
{
	qemu_set_fd_handler(s->fd, NULL, NULL, NULL);
	wire.socket = s;
	wire.in = g_byte_array_new();
	wire.out = g_byte_array_new();
	wire.timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, wire_step, NULL);
	timer_mod(wire.timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + STEP_NS);
}
