// SPDX-License-Identifier: GPL-2.0
/*
 * A hostile peer for the lab: the module as it is, until told to lie.
 *
 *   echo 'prod 1' >/sys/kernel/debug/coloop-evil/do; cat /sys/kernel/debug/coloop-evil/do
 *
 * A command acts on the first peer's channel, which must be live; "next FIELD N" on its next offer.
 * After a lie the honest code of this module leaves the channel alone, so that the lie stays; the
 * next channel is honest again.
 */

#include "forge.h"
#include "grant.h"
#include "mutate.h"
#include "peer.h"
#include "peerlookup.h"
#include "queueing.h"

#include <linux/debugfs.h>
#include <linux/etherdevice.h>
#include <linux/ip.h>
#include <linux/module.h>
#include <linux/uaccess.h>

static int __init evil_init(void);
static void __exit evil_exit(void);

module_init(evil_init);
module_exit(evil_exit);

/* main.c brings all else: its init and exit become ours to call. */
#undef module_init
#undef module_exit
#define module_init(init)
#define module_exit(exit)
#include "main.c"

struct command {
	const char *name;
	/* What was done is said in @said. */
	int (*act)(struct coloop_channel *ch, long number, char *said, size_t room);
};

static DEFINE_MUTEX(command_lock); /* guards outcome */
static char outcome[128] = "nothing done yet\n";

/* From here on our own code neither reads nor writes this channel's pages. */
static void fall_silent(struct coloop_channel *ch)
{
	set_bit(COLOOP_FAULTED, &ch->flags);
	/* Who saw the channel live a moment ago holds this. */
	spin_lock_bh(&ch->queue->tx_lock);
	spin_unlock_bh(&ch->queue->tx_lock);
	napi_synchronize(&ch->queue->napi);
}

static void claim(struct coloop_channel *ch, u32 *word, u32 value)
{
	virt_store_release(word, value); /* as P4 and C4 do it */
	coloop_evtchn_notify(&ch->queue->evtchn);
}

static int say_prod(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 truth;

	fall_silent(ch);
	truth = ch->queue->tx.prod;
	claim(ch, &ch->queue->own->prod, truth + number);
	scnprintf(said, room, "prod %u for %u", truth + (u32)number, truth);
	return 0;
}

static int say_cons(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u32 truth;

	fall_silent(ch);
	truth = ch->queue->rx.cons;
	claim(ch, &ch->queue->own->cons, truth + number);
	scnprintf(said, room, "cons %u for %u", truth + (u32)number, truth);
	return 0;
}

static int say_side(struct coloop_channel *ch, long number, char *said, size_t room)
{
	fall_silent(ch);
	claim(ch, &ch->queue->own->side, number);
	scnprintf(said, room, "side %ld", number);
	return 0;
}

/* A frame of 64 bytes as the peer's, from the header on; false without room for it. */
static bool put_frame(struct coloop_channel *ch, const struct coloop_record *record,
		      const struct ethhdr *eth)
{
	static const u32 len = 64;
	bool fits;
	u8 *at;

	spin_lock_bh(&ch->queue->tx_lock);
	fits = coloop_tx_fits(&ch->queue->tx, len);
	if (fits) {
		at = coloop_tx_begin(&ch->queue->tx, record);
		memset(at, 0, len);
		memcpy(at, eth, sizeof(*eth));
		coloop_tx_commit(&ch->queue->tx, len);
	}
	spin_unlock_bh(&ch->queue->tx_lock);
	coloop_evtchn_notify(&ch->queue->evtchn);
	return fits;
}

/* Published as it should be, but what it says of itself is not true. */
static int put_record(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct coloop_record record = { .len = number };
	const struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };

	fall_silent(ch);
	if (!put_frame(ch, &record, &eth))
		return -ENOSPC;
	scnprintf(said, room, "a record of %u bytes, of which there are 64", record.len);
	return 0;
}

/* From us to the peer; all zero without a link. */
static struct ethhdr header_to(struct coloop_channel *ch)
{
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	struct coloop_link *link;

	mutex_lock(&coloop_peers_lock);
	link = list_first_entry_or_null(&coloop_channel_peer(ch)->links, struct coloop_link,
					peer_entry);
	if (link) {
		ether_addr_copy(eth.h_dest, link->remote);
		ether_addr_copy(eth.h_source, link->local);
	}
	mutex_unlock(&coloop_peers_lock);
	return eth;
}

/* A good record, but the frame in it comes from the address of another guest. */
static int put_foreign_frame(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct coloop_record record = { .len = 64 };
	struct ethhdr eth = header_to(ch);

	eth.h_source[ETH_ALEN - 1] = number;
	if (!put_frame(ch, &record, &eth))
		return -ENOSPC;
	scnprintf(said, room, "a frame from %pM to %pM", eth.h_source, eth.h_dest);
	return 0;
}

static int put_nonsense(struct coloop_channel *ch, long number, char *said, size_t room)
{
	const struct ethhdr eth = header_to(ch);
	int ret = mutate(ch, &eth, number);

	scnprintf(said, room, "%ld records", number);
	return ret;
}

static int storm(struct coloop_channel *ch, long number, char *said, size_t room)
{
	long i;

	for (i = 0; i < number; i++)
		coloop_evtchn_notify(&ch->queue->evtchn);
	scnprintf(said, room, "%ld events", i);
	return 0;
}

/* What the module never does: map a page of the peer so that we could write it. */
static int map_writable(struct coloop_channel *ch, long number, char *said, size_t room)
{
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_map_grant_ref map;
	struct page *page;
	phys_addr_t at;
	int ret;

	ret = gnttab_alloc_pages(1, &page);
	if (ret)
		return ret;
	at = (phys_addr_t)(unsigned long)pfn_to_kaddr(page_to_pfn(page));
	gnttab_set_map_op(&map, at, GNTMAP_host_map, number, coloop_channel_peer(ch)->domid);
	ret = gnttab_map_refs(&map, NULL, &page, 1);
	scnprintf(said, room, "Xen says %d to mapping grant %ld for writing", map.status, number);
	if (!ret && map.status == GNTST_okay) {
		gnttab_set_unmap_op(&unmap, at, GNTMAP_host_map, map.handle);
		ret = gnttab_unmap_refs(&unmap, NULL, &page, 1);
	}
	gnttab_free_pages(1, &page);
	return ret;
}

static int write_byte(u8 *at, u8 value)
{
	__put_kernel_nofault(at, &value, u8, fault);
	return 0;
fault:
	return -EFAULT;
}

/* Through the mapping that we have: PV faults, PVH is made to believe that it wrote. */
static int write_peer(struct coloop_channel *ch, long number, char *said, size_t room)
{
	u8 *at = (u8 *)(unsigned long)ch->queue->rx.peer->zero0;
	u8 before = READ_ONCE(*at);
	int ret = write_byte(at, ~before);

	scnprintf(said, room, "writing says %d, and the byte is %s", ret,
		  READ_ONCE(*at) == before ? "as it was" : "CHANGED");
	return 0;
}

static const struct command commands[] = {
	{ "prod", say_prod }, /* that many bytes more than there are */
	{ "cons", say_cons }, /* that many bytes more than were taken */
	{ "side", say_side },
	{ "record-len", put_record },
	{ "source", put_foreign_frame }, /* of the guest whose address ends so */
	{ "nonsense", put_nonsense }, /* that many records */
	{ "storm", storm }, /* that many events */
	{ "map-writable", map_writable }, /* the peer's grant of that number */
	{ "write-peer", write_peer },
};

static const struct command *find_command(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static struct coloop_peer *first_peer(void)
{
	struct coloop_peer *peer;

	mutex_lock(&coloop_peers_lock);
	peer = list_first_entry_or_null(&coloop_peers, struct coloop_peer, entry);
	if (peer)
		kref_get(&peer->refcount);
	mutex_unlock(&coloop_peers_lock);
	return peer;
}

static int act(const char *name, long number)
{
	const struct command *command = find_command(name);
	struct coloop_peer *peer;
	int ret = -ENOTCONN;

	if (!command)
		return -EINVAL;
	peer = first_peer();
	if (!peer)
		return -ENOENT;
	mutex_lock(&peer->lock);
	if (coloop_channel_is_live(&peer->channel))
		ret = command->act(&peer->channel, number, outcome, sizeof(outcome) - 1);
	mutex_unlock(&peer->lock);
	coloop_peer_put(peer);
	return ret;
}

static ssize_t do_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	char line[64], name[32], field[32];
	long number = 0;
	int ret;

	if (count >= sizeof(line))
		return -E2BIG;
	if (copy_from_user(line, from, count))
		return -EFAULT;
	line[count] = '\0';
	mutex_lock(&command_lock);
	if (sscanf(line, "next %31s %ld", field, &number) == 2)
		ret = forge_next(field, number, outcome, sizeof(outcome) - 1);
	else if (sscanf(line, "%31s %ld", name, &number) >= 1)
		ret = act(name, number);
	else
		ret = -EINVAL;
	if (ret)
		scnprintf(outcome, sizeof(outcome) - 1, "error %d", ret);
	strcat(outcome, "\n");
	mutex_unlock(&command_lock);
	return ret ?: count;
}

static ssize_t do_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	ssize_t ret;

	mutex_lock(&command_lock);
	ret = simple_read_from_buffer(to, count, at, outcome, strlen(outcome));
	mutex_unlock(&command_lock);
	return ret;
}

static const struct file_operations do_fops = {
	.owner = THIS_MODULE,
	.read = do_read,
	.write = do_write,
};

static struct dentry *folder;

static int __init evil_init(void)
{
	int ret = coloop_init();

	if (ret)
		return ret;
	folder = debugfs_create_dir("coloop-evil", NULL);
	debugfs_create_file("do", 0600, folder, NULL, &do_fops);
	return 0;
}

static void __exit evil_exit(void)
{
	debugfs_remove(folder);
	coloop_exit();
}
