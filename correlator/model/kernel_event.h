/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kernel_event.h - the kernel's own account of a reset: the call, its socket, its segment, its stack.
 */
#ifndef KERNEL_EVENT_H
#define KERNEL_EVENT_H

#include "model/packet.h"

#define CASE_STACK_MAX 32
#define CASE_NAME_MAX 64

enum ct_state { CT_UNKNOWN, CT_NONE, CT_INVALID, CT_NEW, CT_ESTABLISHED, CT_RELATED, CT_UNTRACKED };

/* What conntrack thinks of the segment that was answered. */
struct conntrack {
	enum ct_state state;
	bool has_entry; /* orig, reply, snat, dnat hold */
	bool snat;
	bool dnat;
	struct tuple orig;
	struct tuple reply;
	char why[CASE_NAME_MAX + 32]; /* conntrack's own words; "" = it did not tell */
};

enum kernel_call {
	CALL_NONE,
	CALL_PASSIVE,
	CALL_ACTIVE,
	CALL_RECEIVE,
	CALL_REJECT,
	CALL_NF_DROP,
	CALL_CHALLENGE, /* a challenge ACK for the SYN in kernel_view.segment */
	CALL_TIMEWAIT,	/* a TIME_WAIT socket was given the segment of another connection */
	CALL_WINDOW,	/* the hash window that the account join_id had found open has closed */
};

enum lookup {
	LOOKUP_UNKNOWN,
	LOOKUP_NONE,
	LOOKUP_LISTENER,
	LOOKUP_REQUEST,
	LOOKUP_ESTABLISHED,
	LOOKUP_TIMEWAIT,
	LOOKUP_OTHER,
};

struct kernel_sock {
	struct tuple tuple;  /* source = the local end */
	uint64_t flags;	     /* SOCK_* bits of the kernel */
	uint64_t lingertime; /* jiffies */
	uint64_t ino;
	uint64_t cgroup;
	uint32_t rcv_nxt;
	uint32_t snd_nxt;
	uint32_t unread; /* bytes; valid if unread_known */
	int32_t linger2;
	uint32_t user_timeout; /* ms; 0 = not set */
	uint64_t mem_pages;    /* of TCP on this host; valid if memory_known */
	uint64_t mem_limit;    /* tcp_mem[2] */
	uint32_t wmem_queued;  /* bytes */
	uint8_t state;	       /* TCP_* */
	uint8_t shutdown;
	uint8_t tw_substate;
	bool present;
	bool full; /* neither request nor TIME_WAIT: flags and the rest hold */
	bool unread_known;
	bool memory_known;
	bool counts_known;	 /* those that follow */
	uint64_t bytes_received; /* of the whole connection, with the peer's FIN, but not its SYN */
	uint64_t bytes_acked;	 /* with our FIN, and with our SYN where we opened the connection */
	uint32_t snd_una;
	uint32_t write_seq;
	uint32_t copied_seq;
	bool times_known; /* when data was last sent, and received, before the account: */
	uint32_t sent_ms;
	uint32_t heard_ms;
};

/* In which one CPU exchanged a connection's socket in the hash table of established sockets. */
enum window_kind { WINDOW_NONE, WINDOW_HANDSHAKE, WINDOW_TIMEWAIT };

struct hash_window {
	enum window_kind kind;
	uint64_t start_ns;
	uint64_t end_ns; /* 0 = still open when last heard of */
	uint32_t cpu;
	uint32_t rcv_nxt; /* of the connection */
	uint32_t snd_nxt;
};

/* One call on the kernel's stack. The names are owned by the symbol table. */
struct frame {
	const char *name;   /* NULL = not known; then only addr holds */
	const char *module; /* "" = the kernel itself; NULL = not known */
	uint64_t addr;	    /* where it goes on, or was probed; 0 = not known, nor is the rest */
	uint32_t offset;    /* of addr in the function */
	uint32_t size;	    /* of the function; 0 = not known */
};

/* A task, as it was when it did something. */
struct task {
	uint32_t tgid; /* 0 = not known */
	uint32_t tid;
	char comm[16];	  /* of the thread */
	char process[16]; /* of the process's first one; "" = not known */
};

/* Who closed a socket before what was left of it was reset. */
struct closer {
	struct task task;
	uint64_t ts_ns;
	uint64_t cgroup;
};

/* The kernel's own account of a reset. */
struct kernel_event {
	uint64_t id;
	uint64_t join_id; /* the wire event that it met on its CPU; 0 = none */
	uint64_t ts_ns;
	enum kernel_call call;
	enum lookup lookup;
	struct kernel_sock sock;
	bool has_segment; /* segment* hold */
	struct tuple segment;
	uint32_t segment_seq;
	uint32_t segment_ack;
	uint32_t segment_len;
	uint8_t segment_flags;
	bool nfct_known;	   /* conntrack's mark on the segment was read */
	uint8_t nfct;		   /* 0 none, 7 untracked, bit 3 set: entry, low bits ctinfo */
	bool invalid_reported;	   /* conntrack's INVALID report for this very segment was seen */
	uint8_t hook;		   /* of a REJECT */
	struct hash_window window; /* of the segment's connection */
	struct packet syn;	   /* CALL_CHALLENGE: as it was on the wire */
	struct conntrack ct;
	char reason[CASE_NAME_MAX];	    /* without the enum's prefix; "" = none given */
	struct frame stack[CASE_STACK_MAX]; /* innermost first */
	unsigned int stack_len;
	uint32_t cpu;
	uint32_t tgid;	    /* the task that ran: not always the owner */
	uint32_t exit_code; /* as wait(2) has it; valid if exiting */
	bool exiting;	    /* that task */
	bool oom_killed;    /* it was the OOM killer's choice */
	uint64_t task_cgroup;
	char comm[16];
	uint32_t tid;	  /* of that task's thread, whose name comm is, */
	char process[16]; /* and the name of its first one; "" = not known */
	uint32_t netns;	  /* inode number; 0 = not known */
	struct closer closer;
};

/* call == CALL_NONE and nothing else: the kernel gave no account. */
extern const struct kernel_event no_account;

#endif
