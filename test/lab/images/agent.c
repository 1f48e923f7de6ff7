// SPDX-License-Identifier: MIT
/*
 * Runs commands in the lab's machines for the test on the host, out of band.
 *
 *   host ==virtio-serial== agent serve (dom0) --+-- session: sh -c ...  (dom0)
 *                                               +-- forward == TCP == agent listen
 *                                                     (guest) -- session: sh -c ...
 *
 * One frame carries one piece of one command's life; many commands share the
 * serial port, told apart by a number that the host chose.
 *
 *       0        4      6        8
 *       +--------+------+--------+---------//---------+
 *       | stream | kind | length | payload            |   little-endian
 *       +--------+------+--------+---------//---------+
 *
 * START names the machine ("" is dom0, else an address) and, behind a NUL, the
 * command.  The host sends one INPUT, empty for the end of it, and waits for its
 * ACK: so serve never blocks on a command that does not read.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	GUEST_PORT = 7000,
	CONNECT_TIMEOUT_MS = 10000,
	MAX_STREAMS = 64,
	MAX_PAYLOAD = 32768,
};

enum kind { START = 1, INPUT, SIGNAL, OUTPUT, ERRORS, ACK, EXIT, LOST };

struct frame {
	uint32_t stream;
	uint16_t kind;
	uint16_t length;
	char payload[MAX_PAYLOAD];
};
enum { HEADER = offsetof(struct frame, payload) };

static int read_all(int fd, void *to, size_t length)
{
	char *at = to;

	while (length) {
		ssize_t n = read(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		length -= n;
	}
	return 0;
}

static int write_all(int fd, const void *from, size_t length)
{
	const char *at = from;

	while (length) {
		ssize_t n = write(fd, at, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		length -= n;
	}
	return 0;
}

static int read_frame(int fd, struct frame *f)
{
	if (read_all(fd, f, HEADER) || f->length > MAX_PAYLOAD)
		return -1;
	return read_all(fd, f->payload, f->length);
}

/* In one write, so that a reader who sees the header soon has the rest. */
static int write_frame(int fd, const struct frame *f)
{
	return write_all(fd, f, HEADER + f->length);
}

static int tell(int fd, uint32_t stream, enum kind kind, const void *payload, size_t length)
{
	struct frame f = { .stream = stream, .kind = kind, .length = length };

	memcpy(f.payload, payload, length);
	return write_frame(fd, &f);
}

/* ---- session: one command ---- */

struct session {
	uint32_t stream;
	int host;		/* where frames come from and go to */
	pid_t pid;
	int pidfd;
	int input, output, errors;	/* -1 once closed: poll skips those */
	struct frame pending;	/* input on its way to the command */
	size_t taken;		/* bytes of it that the command has */
};

static void run_command(const char *command, int in, int out, int err_)
{
	dup2(in, 0);
	dup2(out, 1);
	dup2(err_, 2);
	closefrom(3);
	setsid();
	signal(SIGPIPE, SIG_DFL);
	if (chdir("/root"))
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

static void start_command(struct session *s, const char *command)
{
	int in[2], out[2], errs[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(errs, O_CLOEXEC))
		err(1, "pipe");
	s->pid = fork();
	if (s->pid < 0)
		err(1, "fork");
	if (s->pid == 0)
		run_command(command, in[0], out[1], errs[1]);
	close(in[0]);
	close(out[1]);
	close(errs[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	s->input = in[1];
	s->output = out[0];
	s->errors = errs[0];
	s->pidfd = pidfd_open(s->pid, 0);
}

/* Returns 0 once there is no more to come. */
static int pass_on(struct session *s, int fd, enum kind kind)
{
	struct frame f = { .stream = s->stream, .kind = kind };
	ssize_t n = read(fd, f.payload, MAX_PAYLOAD);

	if (n <= 0)
		return 0;
	f.length = n;
	return write_frame(s->host, &f) ? 0 : 1;
}

/* A command that closed its input gets the rest thrown away, not an error. */
static int feed(struct session *s)
{
	size_t left = s->pending.length - s->taken;
	ssize_t n = s->input < 0 ? (ssize_t)left : write(s->input, s->pending.payload + s->taken, left);

	if (n < 0 && errno == EAGAIN)
		return 0;
	s->taken += n < 0 ? left : (size_t)n;
	if (s->taken < s->pending.length)
		return 0;
	if (s->input >= 0 && (n < 0 || !s->pending.length)) {
		close(s->input);
		s->input = -1;
	}
	s->pending.kind = 0;
	return tell(s->host, s->stream, ACK, "", 0);
}

static int obey(struct session *s)
{
	struct frame f;

	if (read_frame(s->host, &f))
		return -1;
	if (f.kind == SIGNAL && f.length == 1 && kill(-s->pid, f.payload[0]))
		kill(s->pid, f.payload[0]);
	if (f.kind != INPUT)
		return 0;
	s->pending = f;
	s->taken = 0;
	return feed(s);
}

/*
 * The command is over when its shell is: what it left in the background may
 * hold the pipes open for ever.  What was written until then is passed on.
 */
static void finish(struct session *s)
{
	uint32_t status;
	int how;

	fcntl(s->output, F_SETFL, O_NONBLOCK);
	fcntl(s->errors, F_SETFL, O_NONBLOCK);
	while (pass_on(s, s->output, OUTPUT))
		;
	while (pass_on(s, s->errors, ERRORS))
		;
	waitpid(s->pid, &how, 0);
	status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	tell(s->host, s->stream, EXIT, &status, sizeof(status));
}

static void session(int host)
{
	struct session s = { .host = host };
	struct frame f;

	signal(SIGCHLD, SIG_DFL);
	if (read_frame(host, &f) || f.kind != START || f.length == MAX_PAYLOAD)
		return;
	f.payload[f.length] = '\0';
	s.stream = f.stream;
	start_command(&s, f.payload);
	for (;;) {
		struct pollfd on[] = {
			{ s.host, POLLIN, 0 },
			{ s.output, POLLIN, 0 },
			{ s.errors, POLLIN, 0 },
			{ s.pidfd, POLLIN, 0 },
			{ s.pending.kind ? s.input : -1, POLLOUT, 0 },
		};

		if (poll(on, 5, -1) < 0)
			continue;
		if ((on[0].revents && obey(&s)) || (on[4].revents && feed(&s))) {
			kill(-s.pid, SIGKILL);
			return;
		}
		if (on[1].revents && !pass_on(&s, s.output, OUTPUT))
			s.output = -1;
		if (on[2].revents && !pass_on(&s, s.errors, ERRORS))
			s.errors = -1;
		if (on[3].revents)
			return finish(&s);
	}
}

/* ---- guests: one TCP connection per command ---- */

static void listen_in_guest(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(GUEST_PORT) };
	int one = 1, fd, conn;

	/* We may be PID 1: orphans go without anybody waiting for them. */
	signal(SIGCHLD, SIG_IGN);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&any, sizeof(any)) || listen(fd, MAX_STREAMS))
		err(1, "listen");
	for (;;) {
		conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (conn < 0)
			continue;
		setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (fork() == 0) {
			close(fd);
			session(conn);
			_exit(0);
		}
		close(conn);
	}
}

static int reach(const char *address)
{
	struct sockaddr_in guest = { .sin_family = AF_INET, .sin_port = htons(GUEST_PORT) };
	struct timeval patience = { .tv_sec = CONNECT_TIMEOUT_MS / 1000 };
	int one = 1, fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!inet_aton(address, &guest.sin_addr) || connect(fd, (void *)&guest, sizeof(guest)))
		return -1;
	return fd;
}

static void forward(int host, uint32_t stream, const char *address)
{
	int guest = reach(address);
	struct frame f;

	if (guest < 0) {
		const char *why = strerror(errno);

		tell(host, stream, LOST, why, strlen(why));
		return;
	}
	for (;;) {
		struct pollfd on[] = { { host, POLLIN, 0 }, { guest, POLLIN, 0 } };

		if (poll(on, 2, -1) < 0)
			continue;
		if (on[0].revents && (read_frame(host, &f) || write_frame(guest, &f)))
			return;
		if (!on[1].revents)
			continue;
		if (read_frame(guest, &f)) {
			tell(host, stream, LOST, "machine gone", 12);
			return;
		}
		if (write_frame(host, &f) || f.kind == EXIT)
			return;
	}
}

/* ---- dom0: the serial port ---- */

static struct { uint32_t stream; int fd; } streams[MAX_STREAMS];
static unsigned int stream_count;

static int find(uint32_t stream)
{
	for (unsigned int i = 0; i < stream_count; i++)
		if (streams[i].stream == stream)
			return i;
	return -1;
}

static void start_stream(int port, struct frame *f)
{
	size_t name = strnlen(f->payload, f->length) + 1;
	char address[64];
	int pair[2];

	if (stream_count == MAX_STREAMS || name > f->length || name > sizeof(address)) {
		tell(port, f->stream, LOST, "too many commands", 17);
		return;
	}
	memcpy(address, f->payload, name);
	f->length -= name;
	memmove(f->payload, f->payload + name, f->length);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		err(1, "socketpair");
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pair[0]);
		if (address[0])
			forward(pair[1], f->stream, address);
		else
			session(pair[1]);
		_exit(0);
	}
	close(pair[1]);
	streams[stream_count].stream = f->stream;
	streams[stream_count++].fd = pair[0];
	write_frame(pair[0], f);
}

static void from_host(int port)
{
	struct frame f;
	int i;

	/* Nobody at the other end yet: the port cannot be waited for. */
	if (read_frame(port, &f)) {
		usleep(100 * 1000);
		return;
	}
	i = find(f.stream);
	if (f.kind == START)
		start_stream(port, &f);
	else if (i >= 0)
		write_frame(streams[i].fd, &f);
}

static void from_stream(int port, unsigned int i)
{
	struct frame f;

	if (read_frame(streams[i].fd, &f)) {
		tell(port, streams[i].stream, LOST, "agent died", 10);
	} else {
		write_frame(port, &f);
		if (f.kind != EXIT && f.kind != LOST)
			return;
	}
	close(streams[i].fd);
	streams[i] = streams[--stream_count];
}

static void serve(const char *device)
{
	int port = open(device, O_RDWR | O_CLOEXEC);

	if (port < 0)
		err(1, "%s", device);
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		struct pollfd on[MAX_STREAMS + 1] = { { port, POLLIN, 0 } };
		unsigned int count = stream_count;

		for (unsigned int i = 0; i < count; i++)
			on[i + 1] = (struct pollfd){ streams[i].fd, POLLIN, 0 };
		if (poll(on, count + 1, -1) < 0)
			continue;
		/* Backwards: an ended stream is replaced by the last one. */
		for (unsigned int i = count; i-- > 0;)
			if (on[i + 1].revents)
				from_stream(port, i);
		if (on[0].revents)
			from_host(port);
	}
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "listen"))
		listen_in_guest();
	errx(2, "usage: agent serve DEVICE | agent listen");
}
