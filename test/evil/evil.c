// SPDX-License-Identifier: GPL-2.0
/*
 * A hostile peer for the lab: the module as it is, until told to lie.
 *
 *   echo 'prod 1' >/sys/kernel/debug/coloop-evil/do; cat /sys/kernel/debug/coloop-evil/do
 *
 * A command acts on the first peer's channel; "next FIELD N", once or more, on its next offer.
 * After a lie the honest code of this module leaves the channel alone, so that the lie stays; the
 * next channel is honest again.
 */

#include "evil.h"

#include <linux/debugfs.h>
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
	evil_act *act;
	/* Also without a live channel. */
	bool always;
};

static DEFINE_MUTEX(command_lock); /* guards outcome */
static char outcome[128] = "nothing done yet\n";

/* Ends what goes on behind the victim's back, and says how often it happened. */
static int calm(struct coloop_channel *ch, long number, char *said, size_t room)
{
	unmute(ch);
	return flip_stop(said, room);
}

unsigned int evil_queue;

static int choose_queue(struct coloop_channel *ch, long number, char *said, size_t room)
{
	if (number < 0 || number >= COLOOP_QUEUES_MAX)
		return -EINVAL;
	evil_queue = number;
	scnprintf(said, room, "acts on queue %u from now on", evil_queue);
	return 0;
}

static const struct command commands[] = {
	{ "prod", say_prod }, /* that many bytes more than there are */
	{ "cons", say_cons }, /* that many bytes more than were taken */
	{ "side", say_side },
	{ "thresholds", say_thresholds }, /* that many, at random */
	{ "record-len", put_length },
	{ "source", put_source }, /* of the guest whose address ends so */
	{ "dest", put_dest },
	{ "type", put_type },
	{ "spoof", put_spoofed },
	{ "nonsense", put_nonsense }, /* that many records */
	{ "lengths", put_lengths }, /* every so many bytes */
	{ "boundaries", put_boundaries },
	{ "grant", grant }, /* that many pages */
	{ "granted", say_granted },
	{ "mapped", say_mapped },
	{ "table", say_table }, /* of that grant */
	{ "refs", say_references }, /* of that grant */
	{ "parts", put_parts }, /* the lie of that number */
	{ "references", put_references }, /* that many records */
	{ "oversize", put_oversize }, /* the one of that number */
	{ "oversizes", put_oversizes }, /* that many records */
	{ "pin", pin }, /* in frames of that many bytes */
	{ "jump", jump }, /* that many times */
	{ "starve", starve },
	{ "storm", storm }, /* that many events */
	{ "mute", mute },
	{ "map-writable", map_writable }, /* the peer's grant of that number */
	{ "write-peer", write_peer },
	{ "look", look },
	{ "unmap-early", unmap_early },
	{ "revoke", revoke },
	{ "calm", calm, true },
	{ "queue", choose_queue, true }, /* acts on that one */
	{ "keep", keep, true }, /* 1: every mapping from now on; 0: none */
	{ "balloon", balloon, true }, /* that many pages of our ring */
	{ "foreign-grant", foreign_grant, true },
	{ "foreign-port", foreign_port, true },
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

/* @name NUMBER, or flip KIND, or record FIELD NUMBER. */
static int act_on(struct coloop_channel *ch, const char *name, const char *word, long number)
{
	const struct command *command = find_command(name);
	const size_t room = sizeof(outcome) - 1;
	/* Also one that we have fallen silent on. */
	bool live = ch->state == COLOOP_CHANNEL_STATE_LIVE;

	if (!strcmp(name, "flip"))
		return coloop_channel_is_up(ch) ? flip_start(ch, word, outcome, room) : -ENOTCONN;
	if (!strcmp(name, "record"))
		return live ? put_field(ch, word, number, outcome, room) : -ENOTCONN;
	if (!command)
		return -EINVAL;
	return live || command->always ? command->act(ch, number, outcome, room) : -ENOTCONN;
}

static int act(const char *name, const char *word, long number)
{
	struct coloop_peer *peer = first_peer();
	int ret;

	if (!peer)
		return -ENOENT;
	mutex_lock(&peer->lock);
	ret = act_on(&peer->channel, name, word, number);
	mutex_unlock(&peer->lock);
	coloop_peer_put(peer);
	return ret;
}

static int obey(const char *line)
{
	char name[32], word[32] = "";
	long number = 0;

	if (sscanf(line, "next %31s %ld", word, &number) >= 1)
		return forge_next(word, number, outcome, sizeof(outcome) - 1);
	if (sscanf(line, "%31s %ld", name, &number) == 2)
		return act(name, word, number);
	if (sscanf(line, "%31s %31s %ld", name, word, &number) >= 1)
		return act(name, word, number);
	return -EINVAL;
}

static ssize_t do_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	char line[64];
	int ret;

	if (count >= sizeof(line))
		return -E2BIG;
	if (copy_from_user(line, from, count))
		return -EFAULT;
	line[count] = '\0';
	mutex_lock(&command_lock);
	ret = obey(line);
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
	flip_stop(NULL, 0);
	coloop_exit();
	hoard_uninit();
	events_uninit();
}
