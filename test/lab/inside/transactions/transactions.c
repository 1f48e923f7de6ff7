// SPDX-License-Identifier: MIT
/*
 * transactions serve PORT        answers every byte of one TCP connection with a byte
 * transactions ask HOST PORT     asks on one connection, a byte at a time, until SIGTERM
 *
 * What asks tells ten times a second, and after whatever lasted longer:
 *
 *   uptime (ms)  answers since the last line  longest wait for one (us)  retransmits of the connection
 *
 * Both end with a complaint if the connection does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TOLD_EVERY_US = 100 * 1000 };

static volatile sig_atomic_t is_over;

static void end(int signal)
{
	(void)signal;
	is_over = 1;
}

/* As /proc/uptime counts. */
static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static void send_at_once(int fd)
{
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)))
		err(1, "TCP_NODELAY");
}

static unsigned int retransmits(int fd)
{
	struct tcp_info info = {};
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length))
		err(1, "TCP_INFO");
	return info.tcpi_total_retrans;
}

static int serve(const char *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	char byte;
	ssize_t got;

	if (listener < 0 || bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, 1))
		err(1, "port %s", port);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(1, "accept");
	/* A second connection is refused. */
	close(listener);
	send_at_once(fd);
	while ((got = read(fd, &byte, 1)) == 1)
		if (write(fd, &byte, 1) != 1)
			err(1, "write");
	if (got < 0)
		err(1, "read");
	return 0;
}

static int connect_to(const char *host, const char *port)
{
	const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int fd, ret = getaddrinfo(host, port, &hints, &found);

	if (ret)
		errx(1, "%s: %s", host, gai_strerror(ret));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen))
		err(1, "%s", host);
	send_at_once(fd);
	return fd;
}

/* Waits for the answer whatever signal comes. */
static void transact(int fd)
{
	char byte = 0;
	ssize_t got;

	if (write(fd, &byte, 1) != 1)
		err(1, "write");
	do
		got = read(fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		err(1, "read");
	if (!got)
		errx(1, "the other side has closed");
}

static int ask(const char *host, const char *port)
{
	int fd = connect_to(host, port);
	uint64_t before = now_us(), told = before, longest = 0;
	unsigned int count = 0;

	while (!is_over) {
		uint64_t now;

		transact(fd);
		now = now_us();
		count++;
		if (now - before > longest)
			longest = now - before;
		if (now - told >= TOLD_EVERY_US) {
			printf("%llu %u %llu %u\n", (unsigned long long)now / 1000, count,
			       (unsigned long long)longest, retransmits(fd));
			fflush(stdout);
			told = now;
			count = 0;
			longest = 0;
		}
		before = now;
	}
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGTERM, end);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		return serve(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3]);
	fputs("usage: transactions serve PORT | ask HOST PORT\n", stderr);
	return 2;
}
