// SPDX-License-Identifier: MIT
/*
 * What a real xenstored wants of Xen, for a machine without: libxenctrl, libxengnttab and libxenevtchn in
 * one, as far as C xenstored and oxenstored call them.
 *
 * A domain is there while $COLOOP_DOMAINS/<domid> is.  Its ring is a page of memory; a thread carries
 * bytes between the page and whoever connects to $COLOOP_DOMAINS/socket and says a domid (32 bits,
 * as the machine writes them) first.  So a guest's end of XenStore is a stream, as dom0's is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { DOMAINS = 2048, RING = 1024, PAGE = 4096, DEATHS = DOMAINS };

/* xen/include/public/io/xs_wire.h, struct xenstore_domain_interface */
struct ring {
	char req[RING], rsp[RING];
	uint32_t req_cons, req_prod, rsp_cons, rsp_prod;
	uint32_t features, connection, error;
};

static struct domain {
	/* Our mapping: xenstored may unmap its own at any time. */
	struct ring *ring;
	int memory;
	int client;
} domains[DOMAINS];

/* A port is a domid, DEATHS the one that says that a domain has died. */
static bool pending[DOMAINS + 1];
static int events[2] = {-1, -1}, wake = -1, deaths = -1, door = -1;
static char folder[64];

static void die(const char *what)
{
	perror(what);
	abort();
}

static void raise_port(uint32_t port)
{
	if (!__atomic_exchange_n(&pending[port], true, __ATOMIC_SEQ_CST) &&
	    write(events[1], &port, sizeof(port)) != sizeof(port))
		die("shim: events");
}

static struct domain *domain_of(uint32_t domid)
{
	return domid < DOMAINS ? &domains[domid] : NULL;
}

static bool is_alive(uint32_t domid)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%u", folder, domid);
	return access(path, F_OK) == 0;
}

/* xenstored's mapping of a ring that is empty. */
static void *map_ring(uint32_t domid)
{
	struct domain *domain = domain_of(domid);
	void *theirs, *ours;
	int memory;

	if (!domain || !is_alive(domid)) {
		errno = ESRCH;
		return NULL;
	}
	memory = memfd_create("ring", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, PAGE) < 0)
		return NULL;
	theirs = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	ours = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	close(memory);
	if (theirs == MAP_FAILED || ours == MAP_FAILED)
		return NULL;
	/* A page of one who had the domid before stays: the thread may be at it. */
	__atomic_store_n(&domain->ring, ours, __ATOMIC_SEQ_CST);
	return theirs;
}

static uint32_t load(uint32_t *index)
{
	return __atomic_load_n(index, __ATOMIC_SEQ_CST);
}

static void store(uint32_t *index, uint32_t value)
{
	__atomic_store_n(index, value, __ATOMIC_SEQ_CST);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* From the client's socket to the ring; false: the client is gone. */
static bool take_requests(struct domain *domain, struct ring *ring)
{
	uint32_t prod = load(&ring->req_prod), room = RING - (prod - load(&ring->req_cons));
	uint32_t at = prod % RING;
	ssize_t got;

	if (room == 0)
		return true;
	got = recv(domain->client, ring->req + at, least(room, RING - at), MSG_DONTWAIT);
	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	store(&ring->req_prod, prod + got);
	raise_port(domain - domains);
	return true;
}

static void give_answers(struct domain *domain, struct ring *ring)
{
	uint32_t cons = load(&ring->rsp_cons), there = load(&ring->rsp_prod) - cons;
	uint32_t at = cons % RING;
	ssize_t sent;

	if (there == 0)
		return;
	sent = send(domain->client, ring->rsp + at, least(there, RING - at), MSG_NOSIGNAL);
	if (sent <= 0)
		return;
	store(&ring->rsp_cons, cons + sent);
	raise_port(domain - domains);
	/* What is left lies at the ring's beginning. */
	give_answers(domain, ring);
}

static void hang_up(struct domain *domain)
{
	close(domain->client);
	domain->client = 0;
}

static void welcome(void)
{
	int client = accept4(door, NULL, NULL, SOCK_CLOEXEC);
	uint32_t domid = DOMAINS;
	struct domain *domain;

	if (client < 0)
		return;
	if (recv(client, &domid, sizeof(domid), MSG_WAITALL) != sizeof(domid) ||
	    !(domain = domain_of(domid)) || !domain->ring || !is_alive(domid)) {
		close(client);
		return;
	}
	if (domain->client)
		hang_up(domain);
	domain->client = client;
}

static void serve_domain(struct domain *domain, short what)
{
	struct ring *ring = __atomic_load_n(&domain->ring, __ATOMIC_SEQ_CST);

	give_answers(domain, ring);
	if (what && (!take_requests(domain, ring) || !is_alive(domain - domains)))
		hang_up(domain);
}

static void drain(int file)
{
	char bytes[4096];

	while (read(file, bytes, sizeof(bytes)) == sizeof(bytes))
		;
}

/* What is polled: three of ours, then a client each. */
static void *carry(void *unused)
{
	static struct pollfd polled[3 + DOMAINS];
	static struct domain *owners[3 + DOMAINS];

	for (;;) {
		int count = 3;

		polled[0] = (struct pollfd){wake, POLLIN, 0};
		polled[1] = (struct pollfd){deaths, POLLIN, 0};
		polled[2] = (struct pollfd){door, POLLIN, 0};
		for (struct domain *each = domains; each < domains + DOMAINS; each++) {
			struct ring *ring = each->ring;
			bool full = ring && load(&ring->req_prod) - load(&ring->req_cons) == RING;

			if (!each->client)
				continue;
			owners[count] = each;
			polled[count++] = (struct pollfd){each->client, full ? 0 : POLLIN, 0};
		}
		if (poll(polled, count, -1) < 0 && errno != EINTR)
			die("shim: poll");
		if (polled[0].revents)
			drain(wake);
		if (polled[1].revents) {
			drain(deaths);
			raise_port(DEATHS);
		}
		for (int i = 3; i < count; i++)
			serve_domain(owners[i], polled[i].revents);
		if (polled[2].revents)
			welcome();
	}
	return unused;
}

static void listen_at_door(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/socket", folder);
	unlink(name.sun_path);
	door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (door < 0 || bind(door, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(door, 64) < 0)
		die(name.sun_path);
}

static void start(void)
{
	const char *where = getenv("COLOOP_DOMAINS");
	sigset_t all, before;
	pthread_t thread;

	if (events[0] >= 0)
		return;
	snprintf(folder, sizeof(folder), "%s", where ? where : "/run/domains");
	if (pipe2(events, O_CLOEXEC) < 0)
		die("shim: pipe");
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	deaths = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (wake < 0 || deaths < 0 || inotify_add_watch(deaths, folder, IN_DELETE) < 0)
		die(folder);
	listen_at_door();
	/* Signals are for xenstored's own thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, carry, NULL))
		die("shim: thread");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* libxenevtchn */

EXPORT void *xenevtchn_open(void *logger, unsigned int flags)
{
	start();
	return logger ? logger : (void *)(uintptr_t)(flags | 1);
}

EXPORT int xenevtchn_close(void *handle)
{
	return handle ? 0 : -1;
}

EXPORT int xenevtchn_fd(void *handle)
{
	return handle ? events[0] : -1;
}

EXPORT int xenevtchn_bind_interdomain(void *handle, uint32_t domid, uint32_t remote)
{
	return handle && remote && domain_of(domid) ? (int)domid : -1;
}

EXPORT int xenevtchn_bind_virq(void *handle, unsigned int virq)
{
	return handle && virq ? DEATHS : -1;
}

EXPORT int xenevtchn_unbind(void *handle, uint32_t port)
{
	return handle && port <= DEATHS ? 0 : -1;
}

EXPORT int xenevtchn_notify(void *handle, uint32_t port)
{
	uint64_t one = 1;

	return handle && port <= DEATHS && write(wake, &one, sizeof(one)) > 0 ? 0 : -1;
}

EXPORT int xenevtchn_pending(void *handle)
{
	uint32_t port;

	if (!handle || read(events[0], &port, sizeof(port)) != sizeof(port))
		return -1;
	__atomic_store_n(&pending[port], false, __ATOMIC_SEQ_CST);
	return port;
}

EXPORT int xenevtchn_unmask(void *handle, uint32_t port)
{
	return handle && port <= DEATHS ? 0 : -1;
}

/* libxengnttab */

EXPORT void *xengnttab_open(void *logger, unsigned int flags)
{
	return xenevtchn_open(logger, flags);
}

EXPORT int xengnttab_close(void *handle)
{
	return handle ? 0 : -1;
}

EXPORT int xengnttab_set_max_grants(void *handle, uint32_t count)
{
	return handle && count ? 0 : -1;
}

EXPORT void *xengnttab_map_grant_ref(void *handle, uint32_t domid, uint32_t ref, int protection)
{
	return handle && ref && protection ? map_ring(domid) : NULL;
}

EXPORT int xengnttab_unmap(void *handle, void *address, uint32_t count)
{
	return handle ? munmap(address, count * PAGE) : -1;
}

/* libxenctrl */

EXPORT void *xc_interface_open(void *logger, void *build_logger, unsigned int flags)
{
	return xenevtchn_open(logger ? logger : build_logger, flags);
}

EXPORT int xc_interface_close(void *handle)
{
	return handle ? 0 : -1;
}

EXPORT void *xc_map_foreign_range(void *handle, uint32_t domid, int size, int protection,
				  unsigned long frame)
{
	return handle && size && protection && frame + 1 ? map_ring(domid) : NULL;
}

/* xc_dominfo_t begins with domid, ssidref and the flags: alive is none of them. */
EXPORT int xc_domain_getinfo(void *handle, uint32_t domid, unsigned int count, uint32_t *info)
{
	if (!handle || !count || !is_alive(domid))
		return 0;
	info[0] = domid;
	info[1] = info[2] = 0;
	return 1;
}

/* xc_domaininfo_t begins with a domid of 16 bits, 16 unused, and the flags. */
EXPORT int xc_domain_getinfolist(void *handle, uint32_t domid, unsigned int count, uint32_t *info)
{
	if (!handle || !count || !is_alive(domid))
		return 0;
	info[0] = domid;
	info[1] = 0;
	return 1;
}

EXPORT const char *xc_error_code_to_desc(int code)
{
	return code ? "no such domain" : "no error";
}

EXPORT const void *xc_get_last_error(void *handle)
{
	static const struct {
		int code;
		char message[1024];
	} error = {1, "no such domain"};

	return handle ? &error : NULL;
}

/* libc: the kernel's files for dom0's own ring, which nobody uses here. */
EXPORT int open(const char *path, int flags, ...)
{
	char ours[96];
	mode_t mode = 0;

	if (flags & O_CREAT) {
		__builtin_va_list words;

		__builtin_va_start(words, flags);
		mode = __builtin_va_arg(words, mode_t);
		__builtin_va_end(words);
	}
	if (strncmp(path, "/proc/xen/", 10) == 0) {
		snprintf(ours, sizeof(ours), "%s/%s", folder, path + 10);
		path = ours;
	}
	return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* And limits above the machine's, which not every root may set. */
EXPORT int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
	return resource == RLIMIT_NOFILE && limit->rlim_cur > 0 ? 0 : -1;
}

/* Bound at the start, never called by a xenstored. */
#define UNUSED(name)                                                                               \
	EXPORT void name(void)                                                                     \
	{                                                                                          \
		fputs("shim: " #name " is not there\n", stderr);                                   \
		abort();                                                                           \
	}
UNUSED(xenevtchn_fdopen)
UNUSED(xc_assign_device)
UNUSED(xc_cpumap_alloc)
UNUSED(xc_deassign_device)
UNUSED(xc_domain_create)
UNUSED(xc_domain_destroy)
UNUSED(xc_domain_increase_reservation_exact)
UNUSED(xc_domain_iomem_permission)
UNUSED(xc_domain_ioport_permission)
UNUSED(xc_domain_irq_permission)
UNUSED(xc_domain_max_vcpus)
UNUSED(xc_domain_pause)
UNUSED(xc_domain_resume)
UNUSED(xc_domain_set_memmap_limit)
UNUSED(xc_domain_sethandle)
UNUSED(xc_domain_setmaxmem)
UNUSED(xc_domain_shutdown)
UNUSED(xc_domain_unpause)
UNUSED(xc_evtchn_alloc_unbound)
UNUSED(xc_evtchn_reset)
UNUSED(xc_get_cpu_featureset)
UNUSED(xc_get_max_cpus)
UNUSED(xc_getcpuinfo)
UNUSED(xc_physinfo)
UNUSED(xc_readconsolering)
UNUSED(xc_sched_credit_domain_get)
UNUSED(xc_sched_credit_domain_set)
UNUSED(xc_sched_id)
UNUSED(xc_send_debug_keys)
UNUSED(xc_shadow_control)
UNUSED(xc_test_assign_device)
UNUSED(xc_vcpu_getaffinity)
UNUSED(xc_vcpu_getcontext)
UNUSED(xc_vcpu_getinfo)
UNUSED(xc_vcpu_setaffinity)
UNUSED(xc_version)
UNUSED(xc_watchdog)
